//! The difference of two texts, as Kyverno's tests show it: character by character, with colours.
//!
//! Go: github.com/sergi/go-diff/diffmatchpatch, DiffMain without lines and DiffPrettyText. Its shortcuts decide what is
//! shown, and so they are all here: the common ends, one text inside the other, a common half, the middle snake.

mod merge;
mod snake;

use std::time::{Duration, Instant};

/// How long the search for a small difference may take.
const LIMIT: Duration = Duration::from_secs(1);

/// What becomes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Delete,
    Insert,
    Equal,
}

/// A part of the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    op: Op,
    text: Vec<char>,
}

fn part(op: Op, text: &[char]) -> Part {
    Part { op, text: text.to_vec() }
}

/// The difference of two texts: what is only in the first is red, what is only in the second is green.
pub(super) fn pretty(from: &str, to: &str) -> String {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut out = String::new();
    for Part { op, text } in diff(&from, &to, Instant::now() + LIMIT) {
        let text: String = text.into_iter().collect();
        let color = match op {
            Op::Insert => "\x1b[32m",
            Op::Delete => "\x1b[31m",
            Op::Equal => {
                out.push_str(&text);
                continue;
            }
        };
        let lines: Vec<String> = text.split('\n').map(|line| format!("{color}{line}\x1b[0m")).collect();
        out.push_str(&lines.join("\n"));
    }
    out
}

/// A text without the colours.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let body = from.get(2..).unwrap_or_default();
        let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(body.len());
        rest = body.get(end..).unwrap_or_default();
        rest = rest.strip_prefix('m').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

fn diff(a: &[char], b: &[char], deadline: Instant) -> Vec<Part> {
    if a == b {
        return if a.is_empty() { Vec::new() } else { vec![part(Op::Equal, a)] };
    }
    let start = common_prefix(a, b);
    let (prefix, a, b) = (a.get(..start), tail(a, start), tail(b, start));
    let end = common_suffix(a, b);
    let (suffix, a, b) = (tail(a, a.len() - end), head(a, a.len() - end), head(b, b.len() - end));
    let mut parts = Vec::new();
    parts.extend(prefix.filter(|p| !p.is_empty()).map(|p| part(Op::Equal, p)));
    parts.extend(middle(a, b, deadline));
    if !suffix.is_empty() {
        parts.push(part(Op::Equal, suffix));
    }
    merge::merge(parts)
}

/// The difference of two texts that have neither start nor end in common.
fn middle(a: &[char], b: &[char], deadline: Instant) -> Vec<Part> {
    if a.is_empty() {
        return vec![part(Op::Insert, b)];
    }
    if b.is_empty() {
        return vec![part(Op::Delete, a)];
    }
    let (long, short, op) = if a.len() > b.len() { (a, b, Op::Delete) } else { (b, a, Op::Insert) };
    if let Some(at) = find(long, short, 0) {
        return vec![part(op, head(long, at)), part(Op::Equal, short), part(op, tail(long, at + short.len()))];
    }
    if short.len() == 1 {
        return vec![part(Op::Delete, a), part(Op::Insert, b)];
    }
    if let Some(half) = half(a, b) {
        let mut parts = diff(half.a.0, half.b.0, deadline);
        parts.push(part(Op::Equal, half.common));
        parts.extend(diff(half.a.1, half.b.1, deadline));
        return parts;
    }
    match snake::middle(a, b, deadline) {
        Some((x, y)) => {
            let mut parts = diff(head(a, x), head(b, y), deadline);
            parts.extend(diff(tail(a, x), tail(b, y), deadline));
            parts
        }
        None => vec![part(Op::Delete, a), part(Op::Insert, b)],
    }
}

fn head(text: &[char], to: usize) -> &[char] {
    text.get(..to).unwrap_or(text)
}

fn tail(text: &[char], from: usize) -> &[char] {
    text.get(from..).unwrap_or_default()
}

fn common_prefix(a: &[char], b: &[char]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

fn common_suffix(a: &[char], b: &[char]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
}

/// Where one text is inside another, from a place on.
fn find(text: &[char], pattern: &[char], from: usize) -> Option<usize> {
    let mut windows = tail(text, from).windows(pattern.len().max(1));
    windows.position(|w| w == pattern).map(|at| at + from)
}

/// Two texts around a common part that is half as long as the longer one at least.
struct Half<'t> {
    a: (&'t [char], &'t [char]),
    b: (&'t [char], &'t [char]),
    common: &'t [char],
}

fn half<'t>(a: &'t [char], b: &'t [char]) -> Option<Half<'t>> {
    let (long, short) = if a.len() > b.len() { (a, b) } else { (b, a) };
    if long.len() < 4 || short.len() * 2 < long.len() {
        return None;
    }
    let second = half_at(long, short, long.len().div_ceil(4));
    let third = half_at(long, short, long.len().div_ceil(2));
    let best = match (second, third) {
        (Some(second), Some(third)) if second.common.len() > third.common.len() => second,
        (_, Some(third)) => third,
        (second, None) => second?,
    };
    Some(if a.len() > b.len() { best } else { Half { a: best.b, b: best.a, common: best.common } })
}

/// The longest common part around a quarter of the longer text.
fn half_at<'t>(long: &'t [char], short: &'t [char], at: usize) -> Option<Half<'t>> {
    let seed = long.get(at..at + long.len() / 4)?;
    let mut best: Option<Half<'t>> = None;
    let mut from = 0;
    while let Some(j) = find(short, seed, from) {
        let after = common_prefix(tail(long, at), tail(short, j));
        let before = common_suffix(head(long, at), head(short, j));
        if best.as_ref().map_or(0, |b| b.common.len()) < before + after {
            best = Some(Half {
                a: (head(long, at - before), tail(long, at + after)),
                b: (head(short, j - before), tail(short, j + after)),
                common: short.get(j - before..j + after)?,
            });
        }
        from = j + 1;
    }
    best.filter(|b| b.common.len() * 2 >= long.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    // As go-diff prints them.
    #[test]
    fn texts() {
        let (red, green, end) = ("\x1b[31m", "\x1b[32m", "\x1b[0m");
        assert_eq!(pretty("same", "same"), "same");
        assert_eq!(
            pretty("only in expected", "only in actual"),
            format!("only in {red}expe{end}{green}a{end}ct{red}ed{end}{green}ual{end}")
        );
        assert_eq!(pretty("a", "a\nb"), format!("a{green}{end}\n{green}b{end}"));
        assert_eq!(plain(&pretty("only in expected", "only in actual")), "only in expeactedual");
    }

    #[test]
    fn nothing_is_lost() {
        let (a, b) = ("the quick brown fox\njumps over", "a quick red fox\njumped over it");
        let (from, to): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let parts = diff(&from, &to, Instant::now() + LIMIT);
        let side = |not: Op| parts.iter().filter(|p| p.op != not).flat_map(|p| p.text.clone()).collect::<String>();
        assert_eq!((side(Op::Insert), side(Op::Delete)), (a.to_owned(), b.to_owned()));
    }
}
