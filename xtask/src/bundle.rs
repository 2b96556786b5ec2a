//! The files a browser loads.
//!
//! Everything below `assets/` carries its content's hash in its name and may be cached for
//! ever. `index.html` and the files of `frontend/static` keep their names.
//!
//! The page has no inline script, because the server's Content-Security-Policy allows none:
//! `boot.js` starts the app, and tells the user if it does not start.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::stamp;

/// Enough of the hash that two contents never share a name.
const HASH_LENGTH: usize = 16;

/// Not worth compressing: these formats are compressed already.
const COMPRESSED: [&str; 8] = ["png", "jpg", "jpeg", "webp", "avif", "woff2", "gz", "br"];

/// What `pack glue` made.
pub(crate) struct Glue {
    pub(crate) wasm: Vec<u8>,
    pub(crate) script: String,
    /// Modules the script imports, by path (`snippets/…/inline0.js`).
    pub(crate) snippets: BTreeMap<String, String>,
}

impl Glue {
    /// Reads the folder that `pack glue` wrote.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut snippets = BTreeMap::new();
        for file in stamp::files(&folder.join("snippets"))? {
            let name = file.strip_prefix(folder)?.to_string_lossy().into_owned();
            snippets.insert(name, fs::read_to_string(&file)?);
        }
        Ok(Self {
            wasm: fs::read(folder.join("app_bg.wasm"))?,
            script: fs::read_to_string(folder.join("app.js"))?,
            snippets,
        })
    }
}

/// The app's source files that need no compiler.
pub(crate) struct Sources {
    pub(crate) index: String,
    pub(crate) boot: String,
    pub(crate) style: String,
    /// Files that keep their names.
    pub(crate) fixed: BTreeMap<String, Vec<u8>>,
}

impl Sources {
    /// Reads `frontend/`.
    pub(crate) fn read(frontend: &Path) -> Result<Self> {
        let text = |name: &str| {
            fs::read_to_string(frontend.join(name))
                .with_context(|| format!("cannot read frontend/{name}"))
        };
        let mut style = String::new();
        for file in stamp::files(&frontend.join("style"))? {
            if file.extension().is_some_and(|extension| extension == "css") {
                style.push_str(&fs::read_to_string(&file)?);
                style.push('\n');
            }
        }
        let mut fixed = BTreeMap::new();
        let folder = frontend.join("static");
        for file in stamp::files(&folder)? {
            let name = file.strip_prefix(&folder)?.to_string_lossy().into_owned();
            fixed.insert(name, fs::read(&file)?);
        }
        Ok(Self {
            index: text("index.html")?,
            boot: text("boot.js")?,
            style,
            fixed,
        })
    }
}

/// All files of the app by path below `frontend/dist`, without their compressed copies.
pub(crate) fn files(glue: Glue, sources: Sources) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut put = |stem: &str, extension: &str, content: Vec<u8>| {
        let name = hashed(stem, extension, &content);
        files.insert(format!("assets/{name}"), content);
        name
    };

    let mut script = glue.script;
    for (path, content) in glue.snippets {
        let name = put("snippet", "js", content.into_bytes());
        // Only where it is imported: the module asks for it by the old name.
        let mut imported = false;
        for quote in ['"', '\''] {
            let import = format!("from {quote}./{path}{quote}");
            imported |= script.contains(&import);
            script = script.replace(&import, &format!("from {quote}./{name}{quote}"));
        }
        if !imported {
            bail!("the glue does not import its snippet {path}");
        }
    }
    let wasm = put("app", "wasm", glue.wasm);
    let script = put("app", "js", script.into_bytes());
    let style = put("style", "css", sources.style.into_bytes());
    let names = [
        ("app.wasm", wasm.as_str()),
        ("app.js", &script),
        ("style.css", &style),
    ];
    let boot = put("boot", "js", fill(&sources.boot, &names)?.into_bytes());

    let mut names = names.to_vec();
    names.push(("boot.js", &boot));
    let index = fill(&sources.index, &names)?;
    for (name, content) in sources.fixed {
        files.insert(name, content);
    }
    if files
        .insert("index.html".to_owned(), index.into_bytes())
        .is_some()
    {
        bail!("frontend/static must not hold an index.html: it is made from frontend/index.html");
    }
    Ok(files)
}

/// `app`, `js` → `app-0123456789abcdef.js`.
pub(crate) fn hashed(stem: &str, extension: &str, content: &[u8]) -> String {
    let hash = stamp::sha256(content);
    let short = hash.get(..HASH_LENGTH).unwrap_or(&hash);
    format!("{stem}-{short}.{extension}")
}

/// Is a compressed copy of this file worth its place?
pub(crate) fn is_compressible(name: &str) -> bool {
    let extension = name
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    !COMPRESSED.contains(&extension.as_str())
}

/// Replaces each `{{name}}`; an unknown name is an error, so that a typo is seen here.
fn fill(template: &str, names: &[(&str, &str)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in names {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    if let Some((_, rest)) = text.split_once("{{") {
        let name = rest.split("}}").next().unwrap_or_default();
        bail!("the template asks for {{{{{name}}}}}, which there is not");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glue() -> Glue {
        Glue {
            wasm: b"\0asm".to_vec(),
            script: "import { f } from './snippets/x-1/inline0.js';".to_owned(),
            snippets: BTreeMap::from([(
                "snippets/x-1/inline0.js".to_owned(),
                "export function f() {}".to_owned(),
            )]),
        }
    }

    fn sources() -> Sources {
        Sources {
            index: r#"<link href="/assets/{{style.css}}"><script src="/assets/{{boot.js}}">"#
                .to_owned(),
            boot: "import init from './{{app.js}}'; init('./{{app.wasm}}');".to_owned(),
            style: "h1 { color: red }".to_owned(),
            fixed: BTreeMap::from([("favicon.svg".to_owned(), b"<svg/>".to_vec())]),
        }
    }

    fn text(files: &BTreeMap<String, Vec<u8>>, start: &str) -> (String, String) {
        let (name, content) = files
            .iter()
            .find(|(name, _)| name.starts_with(start))
            .unwrap();
        (name.clone(), String::from_utf8(content.clone()).unwrap())
    }

    #[test]
    fn every_file_names_the_next_one_by_its_hash() {
        let files = files(glue(), sources()).unwrap();
        let (_, index) = text(&files, "index.html");
        let (boot, boot_text) = text(&files, "assets/boot-");
        let (style, _) = text(&files, "assets/style-");
        let (snippet, _) = text(&files, "assets/snippet-");
        let script = files
            .keys()
            .find(|name| name.ends_with(".js") && name.contains("app-"));
        let script = script.unwrap();
        let wasm = files.keys().find(|name| name.ends_with(".wasm")).unwrap();
        let base = |name: &str| name.strip_prefix("assets/").unwrap().to_owned();

        assert!(index.contains(&boot) && index.contains(&style), "{index}");
        assert!(boot_text.contains(&base(script)) && boot_text.contains(&base(wasm)));
        let script_text = String::from_utf8(files[script].clone()).unwrap();
        assert_eq!(
            script_text,
            format!("import {{ f }} from './{}';", base(&snippet))
        );
        assert!(files.contains_key("favicon.svg"));
    }

    #[test]
    fn a_new_content_gets_a_new_name_all_the_way_up() {
        let first = files(glue(), sources()).unwrap();
        let mut changed = glue();
        changed.wasm.push(1);
        let second = files(changed, sources()).unwrap();
        assert_ne!(
            text(&first, "assets/boot-").0,
            text(&second, "assets/boot-").0
        );
        assert_ne!(first["index.html"], second["index.html"]);
    }

    #[test]
    fn a_typo_in_a_template_is_an_error() {
        let mut sources = sources();
        sources.index.push_str("{{styles.css}}");
        let error = files(glue(), sources).unwrap_err().to_string();
        assert!(error.contains("{{styles.css}}"), "{error}");
    }

    #[test]
    fn hashed_names_are_stable() {
        assert_eq!(hashed("app", "js", b"abc"), "app-ba7816bf8f01cfea.js");
    }

    #[test]
    fn pictures_are_not_compressed_again() {
        assert!(is_compressible("assets/app-1.wasm") && is_compressible("icon.svg"));
        assert!(!is_compressible("icon.PNG"));
    }

    /// The policy is `script-src 'self'`: an inline script would silently not run.
    #[test]
    fn the_page_has_no_inline_script_or_style() {
        let index = include_str!("../../frontend/index.html");
        for tag in index.split("<script").skip(1) {
            assert!(tag.split('>').next().unwrap().contains("src="), "{tag}");
        }
        assert!(!index.contains("<style") && !index.contains("style="));
        assert!(!index.contains(" onclick=") && !index.contains(" onload="));
    }
}
