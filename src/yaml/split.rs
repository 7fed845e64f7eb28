//! Cutting a text into documents as k8s.io/apimachinery's `YAMLReader` does, and Kyverno's `SplitDocuments` after it.
//!
//! A line that starts with `---` separates, whatever the YAML around it says. What is between two of them is read on its
//! own, and only its first YAML document counts.

use super::Chunk;
use super::fault::Fault;
use crate::diag::Code;
use kyvc_vm::document::Place;
use memchr::{memchr_iter, memmem};

/// The chunks of a text, in order. A bad separator is an error in the place of the chunk after it.
pub(super) struct Chunks<'a> {
    rest: &'a str,
    /// Lines before `rest`.
    line: u32,
    failed: Option<Fault>,
}

impl<'a> Chunks<'a> {
    /// Of a text that stands behind so many lines.
    pub(super) fn new(text: &'a str, before: u32) -> Self {
        Self { rest: text, line: before, failed: None }
    }

    /// Whether a separator's line, from after its `---`, has nothing more than a comment.
    fn check(&self, after: &str, line: u32) -> Option<Fault> {
        let trimmed = after.lines().next().unwrap_or("").trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return None;
        }
        let place = Place { line: line + 1, column: 1 };
        let fault =
            Fault::new(Code::BadSeparator, "a line that starts with `---` may only have a comment after it", place);
        Some(fault.help("Kubernetes and Kyverno separate documents there, before they read any YAML"))
    }

    fn cut(&mut self) -> Option<Chunk<'a>> {
        let (text, first) = (self.rest, self.line);
        // A separator at the start separates nothing and stays with its document.
        if let Some(after) = text.strip_prefix("---")
            && let Some(fault) = self.check(after, first)
        {
            self.failed = Some(fault);
            self.rest = "";
            return None;
        }
        let Some(at) = memmem::find(text.as_bytes(), b"\n---") else {
            self.rest = "";
            return Some(Chunk { text, line: first, column: 0, sigs: false });
        };
        let (text, after) = (text.get(..=at)?, text.get(at + 4..)?);
        self.line += lines(text);
        self.failed = self.check(after, self.line);
        self.rest = match after.find('\n') {
            Some(end) if self.failed.is_none() => after.get(end + 1..)?,
            _ => "",
        };
        self.line += 1;
        Some(Chunk { text, line: first, column: 0, sigs: false })
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(fault) = self.failed.take() {
                return Some(Err(fault));
            }
            if self.rest.is_empty() {
                return None;
            }
            if let Some(chunk) = self.cut()
                && !is_blank(chunk.text)
            {
                return Some(Ok(chunk));
            }
        }
    }
}

/// Whether there are only comments, as Kyverno's `IsEmptyDocument` says.
///
/// Unlike Kyverno we pass over a separator without a document too: it makes `null` of it, and then refuses the file.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim();
        line.is_empty() || line.starts_with('#')
    })
}

pub(super) fn lines(text: &str) -> u32 {
    u32::try_from(memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, u32)> {
        Chunks::new(text, 0).map(|c| c.map_or(("error".to_owned(), 0), |c| (c.text.to_owned(), c.line))).collect()
    }

    fn some(chunks: &[(&str, u32)]) -> Vec<(String, u32)> {
        chunks.iter().map(|(t, l)| ((*t).to_owned(), *l)).collect()
    }

    #[test]
    fn as_kyverno() {
        assert_eq!(cut(""), []);
        assert_eq!(cut("a: 1"), some(&[("a: 1", 0)]));
        assert_eq!(cut("a: 1\n---\nb: 2"), some(&[("a: 1\n", 0), ("b: 2", 2)]));
        assert_eq!(cut("a: 1\n---\n---\nb: 2"), some(&[("a: 1\n", 0), ("---\nb: 2", 2)]));
        assert_eq!(cut("# x\n---\n# y\n\n--- # z\r\nb: 2\n---"), some(&[("b: 2\n", 5)]));
        assert_eq!(cut("---\n---\n"), []);
    }

    #[test]
    fn a_bad_separator_ends_the_text() {
        assert_eq!(cut("a: 1\n---- x\nb: 2\n"), some(&[("a: 1\n", 0), ("error", 0)]));
        assert_eq!(cut("--- a\n"), some(&[("error", 0)]));
        let fault = Chunks::new("a: 1\nb:\n--- x", 0).nth(1).unwrap().unwrap_err();
        assert!(format!("{fault:?}").contains("line: 3"), "{fault:?}");
    }
}
