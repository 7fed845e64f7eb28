//! Texts that libyaml reads and the event parser refuses: white space without a meaning, changed so that it reads them.

use super::Chunk;
use super::fault::Fault;
use crate::diag::Code;

/// How many such places a document may have. Each one costs another reading.
pub(super) const RETRIES: usize = 32;

/// The text with the place of a fault repaired, where libyaml would not mind it.
#[cold]
pub(super) fn repair(text: &str, chunk: Chunk<'_>, fault: &Fault) -> Option<String> {
    if fault.code != Code::YamlSyntax {
        return None;
    }
    let column = fault.place.column.checked_sub(1)? as usize;
    let line = fault.place.line.checked_sub(chunk.line + 1)? as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let at = start + text.get(start..)?.char_indices().nth(column)?.0;
    match fault.message.as_str() {
        "invalid indentation in quoted scalar" => indent_quoted(text, at, column),
        "invalid indentation" | "invalid indentation in flow construct" | "tab cannot be used as indentation" => {
            // Between brackets or quotes. The line before it starts at least as far right as the block around them.
            let before = text.get(..start)?.lines().next_back()?;
            let (head, tail) = text.split_at_checked(start)?;
            Some(format!("{head}{:1$}{tail}", "", before.chars().count().min(1_000) + 1))
        }
        "':' must be followed by a valid YAML whitespace" => {
            let (head, tail) = text.split_at_checked(at)?;
            let kept = head.trim_end_matches(['\t', ' ']);
            Some(format!("{kept}{:1$}{tail}", "", head.len() - kept.len()))
        }
        _ => None,
    }
}

/// Indents the lines of a quoted scalar; its value does not have their indentation.
fn indent_quoted(text: &str, start: usize, column: usize) -> Option<String> {
    let quote = text.get(start..)?.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut out = text.get(..=start)?.to_owned();
    let mut rest = text.get(start + 1..)?.chars();
    let mut escaped = false;
    let mut lines = 0;
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '\n' {
            out.extend(std::iter::repeat_n(' ', column + 1));
            lines += 1;
        }
        if c == quote && !escaped {
            if quote == '"' || !rest.as_str().starts_with('\'') {
                break;
            }
            out.extend(rest.next());
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    out.push_str(rest.as_str());
    (lines > 0).then_some(out)
}
