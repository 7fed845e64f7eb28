//! Versions and ranges of versions, as Go's `blang/semver` (v4.0.0) reads and compares them.

use std::cmp::Ordering;

use go::{Quoted, parse_uint};

pub(crate) mod go;
mod range;
#[cfg(test)]
mod tests;

pub use range::Range;

/// A version like `1.2.3-rc.1+build`. What stands after the `+` has to be well-formed, and counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    pre: PreRelease,
}

/// Why there is no version or range, in the words of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SemverError(String);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct PreRelease(Vec<Identifier>);

/// Numbers come before texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identifier {
    Number(u64),
    Text(Box<str>),
}

impl Ord for PreRelease {
    fn cmp(&self, other: &Self) -> Ordering {
        // A version comes after all of its pre-releases.
        self.0.is_empty().cmp(&other.0.is_empty()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for PreRelease {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Version {
    /// Reads a version with all of its three numbers.
    ///
    /// # Errors
    /// As `semver.Parse`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError("Version string empty".to_owned()));
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SemverError("No Major.Minor.Patch elements found".to_owned()));
        };
        let (major, minor) = (number("Major", "major", major)?, number("Minor", "minor", minor)?);
        let (rest, build) = cut(rest, '+');
        let (patch, pre) = cut(rest, '-');
        let patch = number("Patch", "patch", patch)?;
        let pre = pre.map_or(Ok(Vec::new()), |pre| pre.split('.').map(identifier).collect())?;
        for part in build.iter().flat_map(|build| build.split('.')) {
            if part.is_empty() {
                return Err(SemverError("Build meta data is empty".to_owned()));
            }
            if !part.bytes().all(is_letter) {
                return Err(SemverError(format!("Invalid character(s) found in build meta data {}", Quoted(part))));
            }
        }
        Ok(Self { major, minor, patch, pre: PreRelease(pre) })
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn leads_with_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn number(title: &str, name: &str, text: &str) -> Result<u64, SemverError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SemverError(format!("Invalid character(s) found in {name} number {}", Quoted(text))));
    }
    if leads_with_zero(text) {
        return Err(SemverError(format!("{title} number must not contain leading zeroes {}", Quoted(text))));
    }
    parse_uint(text).map_err(SemverError)
}

fn identifier(text: &str) -> Result<Identifier, SemverError> {
    if text.is_empty() {
        return Err(SemverError("Prerelease is empty".to_owned()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        if leads_with_zero(text) {
            let quoted = Quoted(text);
            return Err(SemverError(format!("Numeric PreRelease version must not contain leading zeroes {quoted}")));
        }
        return parse_uint(text).map(Identifier::Number).map_err(SemverError);
    }
    if !text.bytes().all(is_letter) {
        return Err(SemverError(format!("Invalid character(s) found in prerelease {}", Quoted(text))));
    }
    Ok(Identifier::Text(text.into()))
}
