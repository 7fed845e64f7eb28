//! File patterns: `*` and `?` inside a name, `**` for any number of folders.

use super::walk;
use crate::diag::Diagnostic;
use std::path::{Path, PathBuf};

/// Whether an argument is a pattern, not the name of a file.
pub fn is_glob(arg: &str) -> bool {
    arg.contains(['*', '?'])
}

/// The files that match a pattern, sorted. A pattern that ends in a wildcard finds YAML and JSON files only.
pub(super) fn files(pattern: &str, problems: &mut Vec<Diagnostic>) -> Result<Vec<PathBuf>, String> {
    let parts: Vec<&str> = pattern.split('/').collect();
    if parts.iter().any(|p| p.contains("**") && *p != "**") {
        return Err("`**` has to stand alone between two `/`".to_owned());
    }
    let fixed = parts.iter().take_while(|p| !is_glob(p)).count();
    let (base, rest) = parts.split_at(fixed);
    let folder = match base {
        [] => PathBuf::from("."),
        [""] => PathBuf::from("/"),
        _ => PathBuf::from(base.join("/")),
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let open_end = rest.last().is_some_and(|last| last.ends_with(['*', '?']));
    let mut out = walk::all(&folder, problems);
    out.retain(|path| (!open_end || walk::is_text(path)) && below(&folder, path).is_some_and(|p| matches(rest, &p)));
    if base.is_empty() {
        // The user wrote no `./`.
        out = out.into_iter().map(|p| p.strip_prefix(".").map(Path::to_path_buf).unwrap_or(p)).collect();
    }
    Ok(out)
}

/// The names from a folder to a file.
fn below(folder: &Path, path: &Path) -> Option<Vec<String>> {
    let names = path.strip_prefix(folder).ok()?.components();
    Some(names.map(|c| c.as_os_str().to_string_lossy().into_owned()).collect())
}

/// Whether names match the parts of a pattern. Two rows of a table instead of recursion: `**/**/**` stays cheap.
fn matches(parts: &[&str], names: &[String]) -> bool {
    // `row[n]`: the parts so far match the first n names.
    let mut row: Vec<bool> = (0..=names.len()).map(|n| n == 0).collect();
    for part in parts {
        let mut next = vec![false; names.len() + 1];
        let mut reached = false;
        for (n, entry) in next.iter_mut().enumerate() {
            let here = row.get(n).copied().unwrap_or(false);
            if *part == "**" {
                reached |= here;
                *entry = reached;
            } else if let Some(before) = n.checked_sub(1) {
                let name = names.get(before).map_or("", String::as_str);
                *entry = row.get(before).copied().unwrap_or(false) && name_matches(part, name);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

/// Whether a name matches a pattern of `*` and `?`.
fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // After the last `*`: where the pattern and the name go on if more has to be eaten.
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                back = Some((p, n));
            }
            Some(c) if *c == '?' || name.get(n) == Some(c) => (p, n) = (p + 1, n + 1),
            _ => match back {
                Some((after, eaten)) => {
                    back = Some((after, eaten + 1));
                    (p, n) = (after, eaten + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, path: &str) -> bool {
        let parts: Vec<&str> = pattern.split('/').collect();
        matches(&parts, &path.split('/').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn patterns() {
        for (pattern, path) in [
            ("*.yaml", "a.yaml"),
            ("**", "a/b/c"),
            ("**/*.yaml", "a.yaml"),
            ("**/*.yaml", "x/y/a.yaml"),
            ("a/**/b/*.y?ml", "a/b/c.yaml"),
            ("a/**/b/*.y?ml", "a/x/b/b/c.yaml"),
            ("*a*b*", "xaybaz"),
            ("ä?", "äö"),
        ] {
            assert!(is_match(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("*.yaml", "x/a.yaml"), ("a/*/c", "a/c"), ("?", ""), ("*.yaml", "a.yml"), ("a/**/b", "a/b/c")]
        {
            assert!(!is_match(pattern, path), "{pattern} {path}");
        }
    }
}
