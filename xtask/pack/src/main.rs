//! Turns the compiled app into what a browser loads.
//!
//! A program of its own, so that `cargo xtask --help` need not wait for `wasm-bindgen-cli-support`.
//!
//! - `pack glue IN.wasm OUT_DIR` writes `app.js` and `app_bg.wasm`;
//! - `pack split IN.wasm OUT_DIR` does the same for an app in parts, and writes the parts
//!   (`parts/*.wasm`), the script that loads them (`parts.js`), and `parts.txt`, in which a line names
//!   a part and the files that it needs;
//! - `pack compress QUALITY FILE…` writes `FILE.br` and `FILE.gz` beside each file.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str =
    "usage: pack glue IN.wasm OUT_DIR | pack split IN.wasm OUT_DIR | pack compress QUALITY FILE…";

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Vec<String>) -> Outcome {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["glue", input, out] => glue(Path::new(input), Path::new(out), false),
        ["split", input, out] => split(Path::new(input), Path::new(out)),
        ["compress", quality, files @ ..] => {
            let quality = quality.parse::<u32>()?;
            files
                .iter()
                .try_for_each(|file| compress(Path::new(file), quality))
        }
        _ => Err(USAGE.into()),
    }
}

fn glue(input: &Path, out: &Path, in_parts: bool) -> Outcome {
    Bindgen::new()
        .input_path(input)
        .out_name("app")
        .web(true)?
        .typescript(false)
        // The boot module names the hashed wasm file, so no default is needed.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The parts link to the first one by what the linker has exported, under its names.
        .keep_lld_exports(in_parts)
        .demangle(!in_parts)
        .generate(out)
        .map_err(|error| format!("{error:#}").into())
}

/// The module has to be linked with `--emit-relocs`: they tell what each function needs.
fn split(input: &Path, out: &Path) -> Outcome {
    let parts = out.join("parts");
    fs::create_dir_all(&parts)?;
    let linked = fs::read(input)?;
    let first = out.join("first.wasm");
    let mut options = wasm_split_cli_support::Options::new(&linked);
    options.output_dir = &parts;
    options.main_out_path = &first;
    options.main_module = "./app.js";
    options.link_name = "./parts.js";
    let split = wasm_split_cli_support::transform(options).map_err(|error| format!("{error:#}"))?;
    fs::rename(parts.join("parts.js"), out.join("parts.js"))?;
    for part in &split.split_modules {
        fs::write(part, without_custom_sections(&fs::read(part)?)?)?;
    }
    let needs: BTreeMap<_, _> = split.prefetch_map.into_iter().collect();
    let mut table = String::new();
    for (part, files) in needs {
        table.push_str(&format!("{part} {}\n", files.join(" ")));
    }
    fs::write(out.join("parts.txt"), table)?;
    glue(&first, out, true)?;
    fs::remove_file(&first)?;
    Ok(())
}

/// Leaves out names and whatever else the module runs without.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>, &'static str> {
    const CUSTOM: u8 = 0;
    const BROKEN: &str = "a part is no valid module";
    let (header, mut rest) = module.split_at_checked(8).ok_or(BROKEN)?;
    let mut kept = header.to_vec();
    while let Some(&kind) = rest.first() {
        // The length is a LEB128 number of at most five bytes.
        let (mut length, mut start) = (0usize, 1usize);
        loop {
            let byte = usize::from(*rest.get(start).ok_or(BROKEN)?);
            if start > 5 {
                return Err(BROKEN);
            }
            length |= (byte & 0x7f) << (7 * (start - 1));
            start += 1;
            if byte < 0x80 {
                break;
            }
        }
        let end = start.checked_add(length).ok_or(BROKEN)?;
        let (section, after) = rest.split_at_checked(end).ok_or(BROKEN)?;
        if kind != CUSTOM {
            kept.extend_from_slice(section);
        }
        rest = after;
    }
    Ok(kept)
}

fn compress(file: &Path, quality: u32) -> Outcome {
    let plain = fs::read(file)?;

    let mut brotli = brotli::CompressorWriter::new(
        File::create(beside(file, "br"))?,
        64 * 1024,
        quality,
        24, // the widest window of the format; a browser must accept it
    );
    brotli.write_all(&plain)?;
    brotli.flush()?;
    drop(brotli);

    let level = if quality >= 9 {
        flate2::Compression::best()
    } else {
        flate2::Compression::fast()
    };
    let mut gzip = flate2::write::GzEncoder::new(File::create(beside(file, "gz"))?, level);
    gzip.write_all(&plain)?;
    gzip.finish()?;
    Ok(())
}

/// `app.js` → `app.js.br`.
fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_custom_sections_are_left_out() {
        let head = b"\0asm\x01\0\0\0".to_vec();
        let types = [1, 0x81, 0x00, 0];
        let names = [0, 5, 4, b'n', b'a', b'm', b'e'];
        let module = [&head[..], &names, &types, &names].concat();
        let kept = without_custom_sections(&module).unwrap();
        assert_eq!(kept, [&head[..], &types].concat());
        assert!(without_custom_sections(&module[..module.len() - 1]).is_err());
    }
}
