//! Where the event parser and Go's libyaml differ.

use super::Chunk;
use super::fault::Fault;
use crate::diag::Code;
use kyvc_vm::document::Place;
use saphyr_parser::ScanError;

/// Whether a block scalar that reaches to the end of the text has its unfinished last line: yaml.v2 gives it no line
/// break then.
pub(super) fn is_unfinished(text: &str, scalar: &str) -> bool {
    let last = |s: &str| s.rsplit('\n').next().unwrap_or("").to_owned();
    let Some(of_scalar) = scalar.strip_suffix('\n').map(last).filter(|l| !l.is_empty()) else { return false };
    let of_text = last(text);
    match of_text.trim_start() {
        "" => of_scalar.trim().is_empty() && of_text.ends_with(&of_scalar),
        // A folded scalar's line may be several of the text.
        trimmed => of_scalar.ends_with(trimmed),
    }
}

/// The parser's error in our words. `whole` says that the document is already complete.
///
/// Kyverno: yaml.v2 stops after the first document, so that what follows only has to begin with a valid token. Where a
/// file is read we report it: it is lost text.
#[cold]
pub(super) fn syntax(error: &ScanError, place: Place, whole: bool, sigs: bool) -> Result<(), Fault> {
    let info = error.info();
    let fault = |code, message: &str| Fault::new(code, message, place);
    let after = info.contains("expected <document start>") || info.contains("after document end marker");
    if after && whole {
        if sigs {
            return Ok(());
        }
        let out = fault(Code::YamlSyntax, "text after the end of the document");
        return Err(out.help("all keys of the outermost map have to start in the same column"));
    }
    if info.contains("recursion limit") {
        return Err(fault(Code::TooDeep, "lists and maps in brackets are nested deeper than 255 levels"));
    }
    if info.contains("unknown anchor") {
        return Err(fault(Code::YamlSyntax, "the alias names an anchor that is not set before it"));
    }
    let out = fault(Code::YamlSyntax, info);
    Err(if info.contains("tab") { out.help(TAB_HELP) } else { out })
}

pub(super) const TAB_HELP: &str = "indent with spaces: YAML allows no tab there";

/// libyaml knows the directives `%YAML 1.1` and `%TAG` only, and no document may start with its end.
pub(super) fn check_directives(chunk: Chunk<'_>) -> Result<(), Fault> {
    for (number, line) in (chunk.line + 1..).zip(chunk.text.lines()) {
        let trimmed = line.trim();
        if !line.starts_with('%') {
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if trimmed == "..." && line.starts_with("...") {
                let place = Place { line: number, column: 1 };
                return Err(Fault::new(Code::YamlSyntax, "the end of a document stands before its start", place));
            }
            break;
        }
        let mut words = line.split_ascii_whitespace();
        let message = match (words.next(), words.next()) {
            (Some("%TAG"), _) | (Some("%YAML"), Some("1.1")) => continue,
            (Some("%YAML"), _) => "only YAML 1.1 is understood",
            _ => "unknown directive",
        };
        return Err(Fault::new(Code::YamlSyntax, message, Place { line: number, column: 1 }));
    }
    Ok(())
}

/// A character that libyaml's reader refuses; the event parser takes NUL for the end of the text.
pub(super) fn control_character(text: &str) -> Option<(usize, char)> {
    let mut at = 0;
    for block in text.as_bytes().chunks(64) {
        // Without a branch, so that the compiler uses vector instructions; almost every block passes.
        let suspect = block.iter().fold(false, |s, &b| {
            s | ((b < 0x20) & (b != b'\n') & (b != b'\t') & (b != b'\r')) | (b == 0x7f) | (b == 0xc2) | (b == 0xef)
        });
        if suspect {
            let from = text.floor_char_boundary(at);
            let to = text.ceil_char_boundary(at + block.len());
            let mut chars = text.get(from..to).unwrap_or("").char_indices();
            if let Some((i, c)) = chars.find(|(_, c)| refused(*c)) {
                return Some((from + i, c));
            }
        }
        at += block.len();
    }
    None
}

fn refused(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}
