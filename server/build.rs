//! Builds the server anew when what is embedded in it changes: the migrations and, in what ships, the
//! app. A server for working and testing reads the app from the disk.

fn main() {
    let app = "../frontend/dist";
    // A folder that is not there would count as changed each time; an empty one is a server
    // without the app, which says so.
    if let Err(error) = std::fs::create_dir_all(app) {
        println!("cargo::warning=cannot create {app}: {error}");
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={app}");
    }
    println!("cargo::rerun-if-changed=../migrations");
}
