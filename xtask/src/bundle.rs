//! The files a browser loads.
//!
//! Everything below `assets/` carries its content's hash in its name and may be cached for
//! ever. `index.html` and the files of `frontend/static` keep their names.
//!
//! The page has no inline script, because the server's Content-Security-Policy allows none:
//! `boot.js` starts the app, and tells the user if it does not start. `sw.js` keeps all these files in
//! the browser for the next start, and so names them all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::stamp;

/// Enough of the hash that two contents never share a name.
const HASH_LENGTH: usize = 16;

/// Not worth compressing: these formats are compressed already.
const COMPRESSED: [&str; 8] = ["png", "jpg", "jpeg", "webp", "avif", "woff2", "gz", "br"];

/// What `pack` made of the compiled app.
pub(crate) struct Glue {
    pub(crate) wasm: Vec<u8>,
    pub(crate) script: String,
    /// Modules the script imports, by path (`snippets/…/inline0.js`).
    pub(crate) snippets: BTreeMap<String, String>,
    /// What is loaded later; none for an app in one piece.
    pub(crate) parts: Option<Parts>,
}

/// What `pack split` made beside the first part.
pub(crate) struct Parts {
    /// The script that loads them.
    pub(crate) loader: String,
    /// Modules by the name that the loader gives them, without `.wasm`.
    pub(crate) modules: BTreeMap<String, Vec<u8>>,
    /// The modules that each part needs.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
}

impl Glue {
    /// Reads the folder that `pack` wrote.
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
            parts: Parts::read(folder)?,
        })
    }
}

impl Parts {
    fn read(folder: &Path) -> Result<Option<Self>> {
        let table = folder.join("parts.txt");
        if !table.exists() {
            return Ok(None);
        }
        let mut needs = BTreeMap::new();
        for line in fs::read_to_string(&table)?.lines() {
            let mut words = line.split(' ').map(ToOwned::to_owned);
            let part = words.next().unwrap_or_default();
            needs.insert(part, words.collect());
        }
        let mut modules = BTreeMap::new();
        for file in stamp::files(&folder.join("parts"))? {
            let stem = file.file_stem().unwrap_or_default();
            modules.insert(stem.to_string_lossy().into_owned(), fs::read(&file)?);
        }
        Ok(Some(Self {
            loader: fs::read_to_string(folder.join("parts.js"))?,
            modules,
            needs,
        }))
    }
}

/// How a part is loaded. The splitter's own loader asks for each module by itself, dozens a part, most of
/// them crumbs; here they lie one after the other in one file, which compresses better, too. What another
/// part has brought already is left out.
const LOADER: &str = r#"
const there = new Set();
function load(path, modules) {
    let loading;
    const start = async () => {
        const response = await fetch(new URL(path, import.meta.url));
        if (!response.ok) {
            throw new Error(`${path}: ${response.status}`);
        }
        const bytes = await response.arrayBuffer();
        if (bytes.byteLength !== modules.reduce((sum, [, length]) => sum + length, 0)) {
            throw new Error(`${path}: cut off`);
        }
        let at = 0;
        const compiling = [];
        for (const [name, length] of modules) {
            const code = new Uint8Array(bytes, at, length);
            at += length;
            if (!there.has(name)) {
                compiling.push([name, length < 8192 ? new WebAssembly.Module(code) : WebAssembly.compile(code)]);
            }
        }
        for (const [name, module] of compiling) {
            const compiled = await module;
            if (!there.has(name)) {
                new WebAssembly.Instance(compiled, getSharedImports());
                there.add(name);
            }
        }
    };
    return () => {
        loading ??= start().catch((error) => {
            loading = undefined;
            throw error;
        });
        return loading;
    };
}
"#;

impl Parts {
    /// Writes a file for each part, and the script that loads them.
    fn put(&self, files: &mut Files) -> Result<String> {
        // What goes before is how a module gets at the first part's memory and tables.
        let (before, _) = self
            .loader
            .split_once("function makeLoad(")
            .context("the splitter's loader has changed: no `makeLoad`")?;
        let mut loader = format!("{before}{LOADER}");
        for (part, needed) in &self.needs {
            let export = format!("export const __wasm_split_load_{part} = wrapAsyncCb(");
            if !self.loader.contains(&export) {
                bail!("the splitter's loader has changed: no `{export}`");
            }
            let mut content = Vec::new();
            let mut table = Vec::new();
            for module in needed {
                let code = self
                    .modules
                    .get(module)
                    .with_context(|| format!("part {part} needs {module}, which is not there"))?;
                content.extend_from_slice(code);
                table.push(format!("['{module}', {}]", code.len()));
            }
            let name = files.put(&format!("part-{part}"), "bin", content);
            let table = table.join(", ");
            loader.push_str(&format!("{export}load('./{name}', [{table}]));\n"));
        }
        Ok(loader)
    }
}

/// The app's source files that need no compiler.
pub(crate) struct Sources {
    pub(crate) index: String,
    pub(crate) boot: String,
    pub(crate) worker: String,
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
            worker: text("sw.js")?,
            style,
            fixed,
        })
    }
}

/// All files of the app by path below `frontend/dist`, without their compressed copies. `kept` says
/// whether browsers keep them for the next start.
pub(crate) fn files(glue: Glue, sources: Sources, kept: bool) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = Files::default();

    let mut script = glue.script;
    let mut scripts = Vec::new();
    for (path, content) in glue.snippets {
        let name = files.put("snippet", "js", content.into_bytes());
        // Only where it is imported: the module goes on asking for it by the old name.
        script = imported_as(&script, &path, &name)?;
        scripts.push(name);
    }
    let script = match glue.parts {
        None => files.put("app", "js", script.into_bytes()),
        Some(parts) => {
            let mut loader = parts.put(&mut files)?;
            // The two scripts import each other, so each is named after both.
            let both = format!("{script}{loader}");
            let script_name = hashed("app", "js", both.as_bytes());
            let loader_name = hashed("parts", "js", both.as_bytes());
            // The same words without `from` are the name that the module knows the loader by.
            let import = |name: &str| format!("from \"./{name}\"");
            script = renamed(&script, &import("parts.js"), &import(&loader_name))?;
            loader = renamed(&loader, &import("app.js"), &import(&script_name))?;
            files.put_as(&loader_name, loader.into_bytes());
            files.put_as(&script_name, script.into_bytes());
            scripts.push(loader_name);
            script_name
        }
    };
    scripts.push(script.clone());
    let wasm = files.put("app", "wasm", glue.wasm);
    let style = files.put("style", "css", sources.style.into_bytes());
    let names = [("app.wasm", wasm.as_str()), ("app.js", &script)];
    let boot = fill(&sources.boot, &names)?;
    let boot = files.put("boot", "js", boot.into_bytes());

    let modules: Vec<String> = scripts
        .iter()
        .map(|name| format!("<link rel=\"modulepreload\" href=\"/assets/{name}\">"))
        .collect();
    let names = [
        ("app.wasm", wasm.as_str()),
        ("boot.js", &boot),
        ("style.css", &style),
        ("modules", &modules.join("\n    ")),
    ];
    let index = fill(&sources.index, &names)?;
    let mut files = files.0;
    let worker = worker(&sources.worker, &index, files.keys(), kept)?;
    for (name, content) in sources.fixed {
        files.insert(name, content);
    }
    for (name, content) in [("index.html", index), ("sw.js", worker)] {
        let put = files.insert(name.to_owned(), content.into_bytes());
        if put.is_some() {
            bail!("frontend/static must not hold {name}: it is made from frontend/{name}");
        }
    }
    Ok(files)
}

/// The service worker, with the files that it keeps: first what every page needs, then the parts.
fn worker<'a>(
    template: &str,
    index: &str,
    assets: impl Iterator<Item = &'a String>,
    kept: bool,
) -> Result<String> {
    let (mut first, mut later) = (Vec::new(), Vec::new());
    if kept {
        first.push("'/'".to_owned());
        for name in assets {
            let list = if part_of(name).is_none() {
                &mut first
            } else {
                &mut later
            };
            list.push(format!("'/{name}'"));
        }
    }
    let [first, later] = [first, later].map(|list| list.join(", "));
    // The page names the scripts, and these the parts: whatever changes, the page does.
    let version = stamp::sha256(index.as_bytes());
    let version = version.get(..HASH_LENGTH).unwrap_or(&version);
    fill(
        template,
        &[("version", version), ("first", &first), ("later", &later)],
    )
}

/// Files by path.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds one below `assets/` under a name that carries its hash, and returns the name.
    fn put(&mut self, stem: &str, extension: &str, content: Vec<u8>) -> String {
        let name = hashed(stem, extension, &content);
        self.put_as(&name, content);
        name
    }

    fn put_as(&mut self, name: &str, content: Vec<u8>) {
        self.0.insert(format!("assets/{name}"), content);
    }
}

/// The script with another name where it imports a module; that it does is checked.
fn imported_as(script: &str, path: &str, name: &str) -> Result<String> {
    let mut script = script.to_owned();
    let mut found = false;
    for quote in ['"', '\''] {
        let import = format!("from {quote}./{path}{quote}");
        found |= script.contains(&import);
        script = script.replace(&import, &format!("from {quote}./{name}{quote}"));
    }
    if !found {
        bail!("the glue does not import its snippet {path}");
    }
    Ok(script)
}

/// Replaces what must be there: else a file would be asked for that there is not.
fn renamed(text: &str, from: &str, to: &str) -> Result<String> {
    if !text.contains(from) {
        bail!("the glue does not say {from}");
    }
    Ok(text.replace(from, to))
}

/// The part that a file is of, by its name; none for what every page needs.
pub(crate) fn part_of(name: &str) -> Option<&str> {
    let file = name.rsplit('/').next()?;
    let (part, _hash) = file.strip_prefix("part-")?.rsplit_once('-')?;
    Some(part)
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
            parts: None,
        }
    }

    fn glue_in_parts() -> Glue {
        let needs = |modules: &[&str]| modules.iter().map(|&name| name.to_owned()).collect();
        Glue {
            script: "import * as import1 from \"./parts.js\"; f({\"./parts.js\": import1});"
                .to_owned(),
            snippets: BTreeMap::new(),
            parts: Some(Parts {
                loader: "import { g } from \"./app.js\"; function makeLoad() {} \
                         export const __wasm_split_load_list = wrapAsyncCb(makeLoad()); \
                         export const __wasm_split_load_page = wrapAsyncCb(makeLoad());"
                    .to_owned(),
                modules: BTreeMap::from([
                    ("chunk_1".to_owned(), vec![1]),
                    ("split_list".to_owned(), vec![2, 2]),
                ]),
                needs: BTreeMap::from([
                    ("list".to_owned(), needs(&["chunk_1", "split_list"])),
                    ("page".to_owned(), needs(&["chunk_1"])),
                ]),
            }),
            ..glue()
        }
    }

    fn sources() -> Sources {
        Sources {
            index: r#"<link href="/assets/{{style.css}}">{{modules}}<script src="/assets/{{boot.js}}">"#
                .to_owned(),
            boot: "import init from './{{app.js}}'; init('./{{app.wasm}}');".to_owned(),
            worker: "keep('{{version}}', [{{first}}], [{{later}}]);".to_owned(),
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
        let files = files(glue(), sources(), true).unwrap();
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

        for name in [&boot, &style, &snippet, script] {
            assert!(index.contains(name), "{index}");
        }
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
        let first = files(glue(), sources(), true).unwrap();
        let mut changed = glue();
        changed.wasm.push(1);
        let second = files(changed, sources(), true).unwrap();
        assert_ne!(
            text(&first, "assets/boot-").0,
            text(&second, "assets/boot-").0
        );
        assert_ne!(first["index.html"], second["index.html"]);
    }

    #[test]
    fn a_part_is_one_file_and_the_scripts_are_named_after_each_other() {
        let files = files(glue_in_parts(), sources(), true).unwrap();
        let (loader, loader_text) = text(&files, "assets/parts-");
        let script = files
            .keys()
            .find(|name| name.starts_with("assets/app-") && name.ends_with(".js"));
        let script = script.unwrap();
        let script_text = String::from_utf8(files[script].clone()).unwrap();
        let base = |name: &str| name.strip_prefix("assets/").unwrap().to_owned();
        // The module's own name for the loader stays.
        assert_eq!(
            script_text,
            format!(
                "import * as import1 from \"./{}\"; f({{\"./parts.js\": import1}});",
                base(&loader)
            )
        );
        let part = |start: &str| {
            let found = files.iter().find(|(name, _)| name.starts_with(start));
            let (name, content) = found.unwrap();
            assert!(loader_text.contains(&base(name)), "{loader_text}");
            (part_of(name).unwrap().to_owned(), content.clone())
        };
        assert_eq!(
            part("assets/part-list-"),
            ("list".to_owned(), vec![1, 2, 2])
        );
        assert_eq!(part("assets/part-page-"), ("page".to_owned(), vec![1]));
        assert!(loader_text.contains("[['chunk_1', 1], ['split_list', 2]]"));
        assert!(!loader_text.contains("makeLoad"), "{loader_text}");
        assert!(loader_text.contains(&base(script)), "{loader_text}");
        assert!(part_of(script).is_none() && part_of(&loader).is_none());

        let mut changed = glue_in_parts();
        changed.parts.as_mut().unwrap().loader = "another".to_owned();
        assert!(super::files(changed, sources(), true).is_err());
    }

    #[test]
    fn the_worker_keeps_the_page_and_its_files_and_a_change_makes_a_new_one() {
        let worker = |glue, kept| {
            let files = files(glue, sources(), kept).unwrap();
            let (_, worker) = text(&files, "sw.js");
            (files, worker)
        };
        let (files, first) = worker(glue_in_parts(), true);
        let (always, parts) = first.split_once("], [").unwrap();
        assert!(always.contains("['/', "), "{first}");
        for name in files.keys().filter(|name| name.starts_with("assets/")) {
            let list = if part_of(name).is_none() {
                always
            } else {
                parts
            };
            assert!(list.contains(&format!("'/{name}'")), "{name} in {first}");
        }
        let mut changed = glue_in_parts();
        changed
            .parts
            .as_mut()
            .unwrap()
            .modules
            .insert("chunk_1".to_owned(), vec![3]);
        assert_ne!(worker(changed, true).1[..25], first[..25]);
        assert!(worker(glue_in_parts(), false).1.ends_with("[], []);"));
    }

    #[test]
    fn a_typo_in_a_template_is_an_error() {
        let mut sources = sources();
        sources.index.push_str("{{styles.css}}");
        let error = files(glue(), sources, true).unwrap_err().to_string();
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
