//! The compiler in a process of its own: what it takes of memory is many times what a set needs, and no allocator gives
//! all of it back.

use crate::engine::{PolicySet, load};
use std::env::current_exe;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Compiles policies: files, folders and globs as on the command line, or a text where `-` is among them. Gives what is to
/// be said besides.
///
/// # Errors
/// Says why there is no set.
pub fn compile(policies: &[String], text: &str) -> Result<(PolicySet, String), String> {
    let failed = |e: std::io::Error| format!("error: the compiler cannot be started: {e}");
    // The file may have been replaced by another version.
    let program =
        if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { current_exe().map_err(failed)? };
    let mut command = Command::new(program);
    command.args(["compile", "--output", "-", "--"]).args(policies);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let input = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // Who writes all before reading waits for ever where both have much to say. A compiler that ends says why.
        scope.spawn(|| input.map(|mut pipe| pipe.write_all(text.as_bytes())));
        child.wait_with_output()
    })
    .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if !output.status.success() {
        return Err(if said.is_empty() { format!("error: the compiler ended with {}", output.status) } else { said });
    }
    let set = load(&output.stdout).map_err(|e| format!("error[{}]: {e}", e.code()))?;
    Ok((set, said))
}
