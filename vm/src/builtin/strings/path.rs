//! Paths as Go's path/filepath cleans them.

/// The shortest path that means the same; nothing for nothing.
pub(in crate::builtin) fn clean(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let rooted = path.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|last| *last != "..") => {
                out.pop();
            }
            // Nothing is above the root.
            ".." if rooted => {}
            part => out.push(part),
        }
    }
    match (rooted, out.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}
