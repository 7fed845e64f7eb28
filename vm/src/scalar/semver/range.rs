//! Ranges of versions: `>=1.2.0 <2.0.0 || !3.x`.

use std::borrow::Cow;

use super::go::Quoted;
use super::{SemverError, Version};

/// Comparisons joined by `||` and, more tightly, by spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(Vec<Vec<Comparison>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    op: Op,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        let order = version.cmp(&self.version);
        match self.op {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
        }
    }
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// As `semver.ParseRange`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        let parts = split(text);
        if parts.first().is_some_and(|part| part == "||") {
            return Err(SemverError("First element in range is '||'".to_owned()));
        }
        if parts.last().is_none_or(|part| part == "||") {
            return Err(SemverError("Last element in range is '||'".to_owned()));
        }
        let alternatives: Vec<&[Cow<'_, str>]> = parts.split(|part| part == "||").collect();
        // Wildcards of the whole range are looked at before any version is.
        let expanded: Result<Vec<_>, _> = alternatives.into_iter().map(expand_all).collect();
        let read = |parts: Vec<String>| parts.iter().map(|part| comparison(part)).collect();
        expanded?.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a version is in the range. Pre-releases are compared like all other versions.
    ///
    /// # Errors
    /// Where nothing stands between two `||` and no alternative before them has the version; the reference crashes.
    pub fn contains(&self, version: &Version) -> Result<bool, SemverError> {
        for all in &self.0 {
            if all.is_empty() {
                return Err(SemverError("Element in range is empty".to_owned()));
            }
            if all.iter().all(|comparison| comparison.holds(version)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Splits at spaces, but for those after an operator, which are dropped. What is one byte long gets lost.
fn split(text: &str) -> Vec<Cow<'_, str>> {
    let mut parts = Vec::new();
    let (mut start, mut last) = (0, 0);
    for (at, byte) in text.bytes().enumerate() {
        if byte != b' ' {
            last = byte;
        } else if !matches!(last, b'<' | b'>' | b'=') {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    let kept = parts.into_iter().filter(|part| part.len() > 1);
    kept.map(|part| if part.contains(' ') { part.replace(' ', "").into() } else { part.into() }).collect()
}

/// Operator and version.
fn operator_and_version(part: &str) -> Result<(&str, &str), SemverError> {
    let at = part.find(|c: char| c.is_ascii_digit());
    let at = at.ok_or_else(|| SemverError(format!("Could not get version from string: {}", Quoted(part))))?;
    let (op, version) = part.split_at_checked(at).unwrap_or((part, ""));
    Ok((op.trim(), version))
}

fn comparison(part: &str) -> Result<Comparison, SemverError> {
    let (op, version) = operator_and_version(part)?;
    let fail = |why: String| SemverError(format!("Could not parse Range {}: {why}", Quoted(part)));
    // The reference drops the white space between the two.
    let whole = format!("{op}{version}");
    let op = match op {
        "" | "=" | "==" => Op::Eq,
        "!" | "!=" => Op::Ne,
        ">" => Op::Gt,
        ">=" => Op::Ge,
        "<" => Op::Lt,
        "<=" => Op::Le,
        _ => return Err(fail(format!("Could not parse comparator {} in {}", Quoted(op), Quoted(&whole)))),
    };
    let version = Version::parse(version).map_err(|problem| {
        fail(format!("Could not parse version {} in {}: {problem}", Quoted(version), Quoted(&whole)))
    })?;
    Ok(Comparison { op, version })
}

fn expand_all(parts: &[Cow<'_, str>]) -> Result<Vec<String>, SemverError> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        if part.contains('x') { expand(part, &mut out)? } else { out.push(part.to_string()) }
    }
    Ok(out)
}

/// Turns a comparison with a wildcard into comparisons without. This goes for every part with an `x` in it, and the
/// reference knows no other: an unknown operator is dropped, and `1.0.0-x.y` becomes what cannot be read.
fn expand(part: &str, out: &mut Vec<String>) -> Result<(), SemverError> {
    let (op, version) = operator_and_version(part)?;
    let lowest = lowest(version);
    let next = || next(version, &lowest).unwrap_or_default();
    match op {
        ">" => out.push(format!(">={}", next())),
        ">=" => out.push(format!(">={lowest}")),
        "<" => out.push(format!("<{lowest}")),
        "<=" => out.push(format!("<{}", next())),
        "" | "=" | "==" => out.extend([format!(">={lowest}"), format!("<{}", next())]),
        // Kyverno: both at once, so that no version is in it.
        "!" | "!=" => out.extend([format!("<{lowest}"), format!(">={}", next())]),
        _ => out.push(lowest),
    }
    Ok(())
}

/// A version with zeros for its wildcards: `1.x` and `1.x.x` to `1.0.0`.
fn lowest(version: &str) -> String {
    let flat = version.replacen(".x.x", ".x", 1).replacen(".x", ".0", 1);
    if flat.matches('.').count() == 1 { flat + ".0" } else { flat }
}

/// The lowest version above all that a wildcard stands for. `1.x.x` counts as a wildcard of its last place only.
fn next(version: &str, lowest: &str) -> Option<String> {
    let mut parts = version.rsplit('.');
    let place = (parts.next() == Some("x")).then(|| parts.count()).filter(|place| matches!(place, 1 | 2))?;
    let mut parts: Vec<&str> = lowest.split('.').collect();
    let part = parts.get_mut(place - 1)?;
    let number = part.parse::<i64>().ok()?.wrapping_add(1).to_string();
    *part = &number;
    Some(parts.join("."))
}
