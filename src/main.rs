//! The `kyvc` command.

fn main() -> std::process::ExitCode {
    kyvc::cli::main()
}
