//! What a command line said, without what is another each time.

use std::fmt::Write;
use std::process::Output;

/// Members of objects that the API server makes up.
const MADE_UP: [&str; 7] =
    ["creationTimestamp", "generate.kyverno.io/trigger-uid", "nanos", "resourceVersion", "seconds", "time", "uid"];

/// What a command printed and how it ended.
///
/// Kyverno goes through the resources of a cluster in no order: what is said of each is sorted.
pub(crate) fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<String> = out.lines().map(|l| without_number(&without_times(l))).collect();
    for rows in lines.chunk_by_mut(|a, b| is_row(a) && is_row(b)) {
        rows.sort();
    }
    let mut text = sorted(&lines);
    for line in err.lines().filter(|l| l.starts_with("Error: ")) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "exit code {}", output.status.code().unwrap_or(-1));
    text
}

fn without_times(line: &str) -> String {
    let start = line.len() - line.trim_start_matches([' ', '-']).len();
    let (indent, rest) = line.split_at(start);
    match rest.split_once(':') {
        Some((key, _)) if MADE_UP.contains(&key) => format!("{indent}{key}: ..."),
        _ => line.to_owned(),
    }
}

/// The mark of a row of a table.
const ROW: &str = "\u{2502} .. ";

fn is_row(line: &str) -> bool {
    line.starts_with(ROW)
}

/// A row of a table without its number.
fn without_number(line: &str) -> String {
    let cells = line.strip_prefix("\u{2502} ").and_then(|rest| rest.split_once(' '));
    match cells {
        Some((number, rest)) if number.parse::<u32>().is_ok() => format!("{ROW}{rest}"),
        _ => line.to_owned(),
    }
}

fn sorted(lines: &[String]) -> String {
    let begins = |line: &str| line.starts_with("policy ") || line.starts_with("pass: ");
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in lines {
        if begins(line) {
            blocks.push(Vec::new());
        }
        blocks.last_mut().unwrap().push(line);
    }
    let head = blocks.remove(0);
    let end = blocks.iter().position(|b| b[0].starts_with("pass: ")).unwrap_or(blocks.len());
    let tail = blocks.split_off(end);
    // Empty lines stand between blocks, wherever they are.
    blocks.iter_mut().for_each(|b| b.retain(|l| !l.is_empty()));
    blocks.sort();
    let all = std::iter::once(head).chain(blocks).chain(tail).flatten();
    all.fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}
