//! Turns the compiled app into what a browser loads.
//!
//! A program of its own, so that `cargo xtask --help` need not wait for `wasm-bindgen-cli-support`.
//!
//! - `pack glue IN.wasm OUT_DIR` writes `app.js` and `app_bg.wasm`;
//! - `pack compress QUALITY FILE…` writes `FILE.br` and `FILE.gz` beside each file.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: pack glue IN.wasm OUT_DIR | pack compress QUALITY FILE…";

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
        ["glue", input, out] => glue(Path::new(input), Path::new(out)),
        ["compress", quality, files @ ..] => {
            let quality = quality.parse::<u32>()?;
            files
                .iter()
                .try_for_each(|file| compress(Path::new(file), quality))
        }
        _ => Err(USAGE.into()),
    }
}

fn glue(input: &Path, out: &Path) -> Outcome {
    Bindgen::new()
        .input_path(input)
        .out_name("app")
        .web(true)?
        .typescript(false)
        // The boot module names the hashed wasm file, so no default is needed.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)
        .map_err(|error| format!("{error:#}").into())
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
