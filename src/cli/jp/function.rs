//! `kyvc jp function`.

use super::Stop;
use kyvc_vm::builtin;
use std::io::Write;

/// Arguments of `kyvc jp function`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Functions; all that Kyverno adds to the language where none is named
    #[arg(value_name = "FUNCTION")]
    names: Vec<String>,
}

/// Prints the functions that Kyverno adds.
pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), Stop> {
    for function in builtin::table().iter().filter(|f| !f.is_standard()) {
        if args.names.is_empty() || args.names.iter().any(|name| name == function.name) {
            writeln!(out, "Name: {}", function.name)?;
            writeln!(out, "  Signature: {}", function.signature())?;
            writeln!(out, "  Note:      {}\n", function.doc)?;
        }
    }
    Ok(())
}
