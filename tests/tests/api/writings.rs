//! What the documents name is there: tests, files, pictures, roles.

use std::path::{Path, PathBuf};

use shared::role::Role;
use shared::term::Term;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn what_the_security_page_names_is_there() {
    let text = read(&root().join("docs/SECURITY.md"));
    let mut count = 0;
    for name in quoted(&text) {
        let Some((file, test)) = name.rsplit_once("::") else {
            continue;
        };
        let is_test = test
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        // `file::test` is the form, and names of the domain are no tests.
        if !is_test || file.contains("::") || file == "file" {
            continue;
        }
        let path = if file.ends_with(".rs") {
            root().join(file)
        } else if file == "permissions" || file.contains('/') {
            root().join(format!("tests/tests/{file}.rs"))
        } else {
            root().join(format!("tests/tests/api/{file}.rs"))
        };
        assert!(
            read(&path).contains(&format!("fn {test}(")),
            "SECURITY.md names {name}, and {} has no such test",
            path.display()
        );
        count += 1;
    }
    assert!(count > 60, "{count}");
}

/// The targets of a page's links and pictures.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for folder in ["docs", "docs/handbook"] {
        let files = std::fs::read_dir(root().join(folder)).unwrap();
        pages.extend(
            files
                .map(|file| file.unwrap().path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "md")),
        );
    }
    for page in pages {
        let text = read(&page);
        for target in targets(&text) {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap();
            let there = page.parent().unwrap().join(file);
            assert!(there.exists(), "{}: {target}", page.display());
        }
    }
}

#[test]
fn every_role_has_its_page_of_the_handbook() {
    let folder = root().join("docs/handbook");
    let contents = read(&folder.join("README.md"));
    for role in Role::ALL {
        let name = format!("{}.md", role.code());
        assert!(
            contents.contains(&format!("[{}]({name})", role.label())),
            "{name}"
        );
        let page = read(&folder.join(&name));
        assert!(
            page.starts_with(&format!("<!-- role: {} -->", role.code())),
            "{name}"
        );
        assert!(page.contains(&format!("# {}", role.label())), "{name}");
    }
    assert!(contents.contains("petitioner.md"));
}
