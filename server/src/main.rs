//! `xinfang`: one binary for serving and looking after a township's ledger.

fn main() -> std::process::ExitCode {
    server::memory::set_up();
    server::cli::main()
}
