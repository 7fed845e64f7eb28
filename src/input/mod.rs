//! The texts that the user names on the command line: files, folders, patterns and standard input.
//!
//! A file that cannot be used becomes a [`Diagnostic`] with its name, and the others go on.

mod glob;
mod parts;
mod walk;

pub use glob::is_glob;
pub use parts::{Part, Parts, open, split};

#[cfg(test)]
mod tests;

use crate::diag::{Code, Diagnostic, Label, Source};
use crate::fetch;
use kyvc_vm::document::Place;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What standard input is called.
pub const STDIN: &str = "<stdin>";

/// Loads what the arguments name. `what` says what the files are for, as in "policy".
///
/// A folder stands for its `.yaml`, `.yml` and `.json` files and those of its folders; hidden folders are left out. `*`,
/// `?` and `**` are understood where the shell did not. `-` is standard input, and a file may be given by its URL. The files of one argument are sorted, a
/// file that several arguments name is loaded once, and names are as the user wrote them.
pub fn load(args: &[String], what: &str) -> (Vec<Arc<Source>>, Vec<Diagnostic>) {
    load_from(args, what, &mut io::stdin().lock())
}

fn load_from(args: &[String], what: &str, stdin: &mut dyn Read) -> (Vec<Arc<Source>>, Vec<Diagnostic>) {
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for arg in args {
        if arg == "-" {
            if seen.insert(PathBuf::from(STDIN)) {
                let mut bytes = Vec::new();
                let read = stdin.read_to_end(&mut bytes).map(|_| bytes);
                take(read, STDIN, &mut sources, &mut problems);
            }
            continue;
        }
        if fetch::is_url(arg) {
            if seen.insert(PathBuf::from(arg)) {
                let read = fetch::get(arg).map(String::into_bytes).map_err(io::Error::other);
                take(read, arg, &mut sources, &mut problems);
            }
            continue;
        }
        for path in expand(arg, what, &mut problems) {
            // Two names of one file, through a link or `./`, give the same text.
            if seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                take(std::fs::read(&path), &path.to_string_lossy(), &mut sources, &mut problems);
            }
        }
    }
    (sources, problems)
}

/// The files that arguments name now, without standard input and what is loaded by URL.
pub fn files(args: &[String], what: &str) -> Vec<PathBuf> {
    let named = args.iter().filter(|arg| *arg != "-" && !fetch::is_url(arg));
    named.flat_map(|arg| expand(arg, what, &mut Vec::new())).collect()
}

/// The files that an argument names, sorted.
fn expand(arg: &str, what: &str, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let path = Path::new(arg);
    if path.is_dir() {
        let files = walk::files(path, problems);
        if files.is_empty() {
            let message = format!("the folder has no {what} files (.yaml, .yml or .json)");
            problems.push(problem(Code::NoFiles, arg, message));
        }
        return files;
    }
    if glob::is_glob(arg) && !path.exists() {
        return match glob::files(arg, problems) {
            Ok(files) if files.is_empty() => {
                problems.push(problem(Code::FileNotFound, arg, format!("no {what} file matches this pattern")));
                files
            }
            Ok(files) => files,
            Err(message) => {
                problems.push(problem(Code::BadGlob, arg, message));
                Vec::new()
            }
        };
    }
    vec![path.to_path_buf()]
}

fn take(read: io::Result<Vec<u8>>, name: &str, sources: &mut Vec<Arc<Source>>, problems: &mut Vec<Diagnostic>) {
    match read.map_err(|e| unreadable(name, &e)).and_then(|bytes| text(bytes, name, Before::default())) {
        Ok(text) if text.trim_start_matches('\u{feff}').trim().is_empty() => {
            problems.push(problem(Code::EmptyFile, name, "the file is empty"));
        }
        Ok(text) => sources.push(Source::new(name, text)),
        Err(problem) => problems.push(problem),
    }
}

/// What of a file is before a part of it.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    lines: u32,
    bytes: usize,
}

/// The text of a file, or of a part of it.
fn text(bytes: Vec<u8>, name: &str, before: Before) -> Result<String, Diagnostic> {
    if let Some(at) = memchr::memchr(0, &bytes) {
        let at = before.bytes + at;
        let out = problem(Code::BinaryFile, name, format!("the file is binary: there is a NUL at byte {at}"));
        let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        return Err(if utf16 { out.help("the file is UTF-16 text: save it as UTF-8") } else { out });
    }
    String::from_utf8(bytes).map_err(|e| not_utf8(name, e.as_bytes(), e.utf8_error().valid_up_to(), before.lines))
}

/// A file in another encoding; what can be read of it is shown.
#[cold]
fn not_utf8(name: &str, bytes: &[u8], at: usize, lines: u32) -> Diagnostic {
    let (before, after) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
    let place = Place { line: lines.saturating_add(1), column: 1 }.after(std::str::from_utf8(before).unwrap_or(""));
    let byte = after.first().copied().unwrap_or(0);
    let source = Source::part(name, String::from_utf8_lossy(bytes), lines);
    Diagnostic::new(Code::NotUtf8, format!("the file is not UTF-8 text: the byte {byte:#04x} belongs to no character"))
        .at(Label::new(&source, place))
        .help("save it as UTF-8")
}

fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    match error.kind() {
        io::ErrorKind::NotFound => problem(Code::FileNotFound, name, "no such file or folder"),
        _ => problem(Code::FileUnreadable, name, error.to_string()),
    }
}

fn problem(code: Code, name: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, message).at(Label::whole(&Source::new(name, "")))
}
