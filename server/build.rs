//! Builds the server anew when what is embedded in it changes: the app and the migrations.

fn main() {
    let app = "../frontend/dist";
    // A folder that is not there would count as changed each time; an empty one is a server
    // without the app, which says so.
    if let Err(error) = std::fs::create_dir_all(app) {
        println!("cargo::warning=cannot create {app}: {error}");
    }
    println!("cargo::rerun-if-changed={app}");
    println!("cargo::rerun-if-changed=../migrations");
}
