//! Texts in parts: a large file is read a part at a time, cut where its YAML documents are.
//!
//! A part is what a file may be instead: all of it, if it is small or has no place to cut. So a stream of documents of
//! any size needs little memory.

use super::{Before, STDIN, expand, problem, text, unreadable};
use crate::diag::{Code, Diagnostic, Source};
use crate::fetch;
use memchr::{memchr, memchr_iter, memmem, memrchr};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// From so many bytes on a file is cut.
const SIZE: usize = 1 << 20;

/// What comes next of the input.
#[derive(Debug)]
pub struct Part {
    /// A text, or why there is none
    pub text: Result<Arc<Source>, Diagnostic>,
    /// It is the first part of its file
    pub first: bool,
}

/// The texts that arguments name, one part after the other.
#[derive(Debug)]
pub struct Parts {
    /// Files and URLs to come; `None` is standard input
    files: std::vec::IntoIter<Option<PathBuf>>,
    open: Option<Open>,
}

/// Opens what the arguments name, as [`load`](super::load) does, and gives what is wrong with the names.
pub fn open(args: &[String], what: &str) -> (Parts, Vec<Diagnostic>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for arg in args {
        let named = match arg.as_str() {
            "-" => vec![None],
            url if fetch::is_url(url) => vec![Some(PathBuf::from(url))],
            arg => expand(arg, what, &mut problems).into_iter().map(Some).collect(),
        };
        // Two names of one file, through a link or `./`, give the same text.
        let real = |path: &Option<PathBuf>| path.as_ref().map(|p| p.canonicalize().unwrap_or_else(|_| p.clone()));
        files.extend(named.into_iter().filter(|path| seen.insert(real(path))));
    }
    (Parts { files: files.into_iter(), open: None }, problems)
}

impl Parts {
    /// How many files are not begun yet.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Whether there is one part at most.
    pub fn is_small(&self) -> bool {
        let small = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= SIZE as u64);
        match self.files.as_slice() {
            [] => true,
            [Some(one)] => small(one),
            _ => false,
        }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            let Some(mut open) = self.open.take() else {
                let path = self.files.next()?;
                let name = path.as_ref().map_or(STDIN.into(), |p| p.to_string_lossy().into_owned());
                match Open::new(path.as_deref(), name.clone()) {
                    Ok(open) => self.open = Some(open),
                    Err(e) => return Some(Part { text: Err(unreadable(&name, &e)), first: true }),
                }
                continue;
            };
            let first = open.first;
            match open.next(SIZE) {
                Some(Ok(source)) => {
                    self.open = Some(open);
                    return Some(Part { text: Ok(source), first });
                }
                Some(Err(problem)) => return Some(Part { text: Err(problem), first }),
                None => {}
            }
        }
    }
}

/// A file that is being read.
struct Open {
    name: String,
    input: Box<dyn Read + Send>,
    /// What was read and not given yet
    rest: Vec<u8>,
    before: Before,
    first: bool,
    done: bool,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("name", &self.name).field("before", &self.before).finish_non_exhaustive()
    }
}

impl Open {
    fn new(path: Option<&Path>, name: String) -> io::Result<Self> {
        Ok(match path {
            Some(_) if fetch::is_url(&name) => {
                let text = fetch::get(&name).map_err(io::Error::other)?;
                Self::of(Box::new(io::Cursor::new(text)), name)
            }
            Some(path) => Self::of(Box::new(File::open(path)?), name),
            None => Self::of(Box::new(io::stdin()), name),
        })
    }

    fn of(input: Box<dyn Read + Send>, name: String) -> Self {
        Self { name, input, rest: Vec::new(), before: Before::default(), first: true, done: false }
    }

    /// The next part of about so many bytes.
    fn next(&mut self, size: usize) -> Option<Result<Arc<Source>, Diagnostic>> {
        let end = match self.fill(size) {
            Ok(end) => end,
            Err(e) => return Some(Err(unreadable(&self.name, &e))),
        };
        let first = std::mem::take(&mut self.first);
        if self.rest.is_empty() && !first {
            return None;
        }
        let after = self.rest.split_off(end);
        let bytes = std::mem::replace(&mut self.rest, after);
        let before = self.before;
        self.before = Before { lines: before.lines.saturating_add(lines(&bytes)), bytes: before.bytes + bytes.len() };
        Some(text(bytes, &self.name, before).and_then(|text| {
            if first && self.rest.is_empty() && self.done && text.trim_start_matches('\u{feff}').trim().is_empty() {
                return Err(problem(Code::EmptyFile, &self.name, "the file is empty"));
            }
            Ok(Source::part(self.name.as_str(), text, before.lines))
        }))
    }

    /// Reads until there is a place to cut, and says where that is; the end of the file is one.
    fn fill(&mut self, size: usize) -> io::Result<usize> {
        let mut searched = 0;
        while !self.done {
            let missing = size.max(self.rest.len()) - self.rest.len() / 2;
            let read = self.input.by_ref().take(missing as u64).read_to_end(&mut self.rest)?;
            self.done = read < missing;
            if self.rest.len() >= size
                && let Some(end) = cut(&self.rest, searched)
            {
                return Ok(end);
            }
            searched = self.rest.len();
        }
        Ok(self.rest.len())
    }
}

/// A text in parts that can be read at the same time, with the documents that it has as a whole.
pub fn split(source: &Arc<Source>) -> Vec<Arc<Source>> {
    let (mut rest, mut before) = (&*source.text, source.before);
    let mut parts = Vec::new();
    let mut size = SIZE;
    while rest.len() > size {
        let Some((part, after)) = rest.as_bytes().get(..size).and_then(|bytes| rest.split_at_checked(cut(bytes, 0)?))
        else {
            size *= 2;
            continue;
        };
        parts.push(Source::part(source.name.as_str(), part, before));
        before = before.saturating_add(lines(part.as_bytes()));
        (rest, size) = (after, SIZE);
    }
    if parts.is_empty() {
        return vec![source.clone()];
    }
    if !rest.is_empty() {
        parts.push(Source::part(source.name.as_str(), rest, before));
    }
    parts
}

fn lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// The end of the last line that separates documents, if it is behind an offset.
///
/// A separator that follows another one at once stays with the document behind it, and is no place to cut.
fn cut(bytes: &[u8], from: usize) -> Option<usize> {
    let from = memrchr(b'\n', bytes.get(..from)?).unwrap_or(0);
    let mut to = bytes.len();
    loop {
        let at = from + memmem::rfind(bytes.get(from..to)?, b"\n---")?;
        let before = bytes.get(..at)?;
        let line = memrchr(b'\n', before).map_or(0, |at| at + 1);
        let end = memchr(b'\n', bytes.get(at + 1..)?);
        match end {
            Some(end) if !before.get(line..)?.starts_with(b"---") => return Some(at + 1 + end + 1),
            _ => to = at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{ReadOptions, go_json, read_all};
    use kyvc_vm::document::Layout;

    fn parts(text: &str, size: usize) -> Vec<Arc<Source>> {
        let mut open = Open::of(Box::new(io::Cursor::new(text.as_bytes().to_vec())), "x.yaml".to_owned());
        std::iter::from_fn(|| open.next(size)).map(Result::unwrap).collect()
    }

    /// Documents with their places, up to the first error.
    fn documents(sources: &[Arc<Source>]) -> Vec<String> {
        let layout = Layout::everything();
        let mut out = Vec::new();
        for source in sources {
            let (docs, error) = read_all(source, &layout, ReadOptions::policy());
            let shown =
                |d: &kyvc_vm::document::Document<'_>| d.root().map(|r| format!("{:?} {}", d.place(r), go_json(d, r)));
            out.extend(docs.iter().filter_map(shown));
            if let Some(error) = error {
                out.push(error.one_line());
                break;
            }
        }
        out
    }

    #[test]
    fn parts_have_the_documents_of_the_whole() {
        let texts = [
            "a: 1\n---\nb: 2\n--- # c\n\nc: 3\n",
            "a: 1\n---\n---\nb: 2\n---\n---\n---\nc: 3",
            "---\na: |\n  x\n---\n\u{e9}: 1\n---",
            "a: 1\n---\nb: [\n---\nc: 3\n",
            "a: 1\n--- x\nb: 2\n---\nc: 3\n",
            "\u{feff}a: 1\r\n---\r\nb: 2\r\n",
            "{\"a\": 1}\n{\"b\": 2}\n---\n[3]\n",
            "a: 1\n---\n---\n%YAML 1.1\n---\nb: 1\n",
            "a: 1\n",
        ];
        for text in texts {
            let whole = documents(&[Source::new("x.yaml", text)]);
            for size in 1..text.len() + 2 {
                let parts = parts(text, size);
                assert_eq!(documents(&parts), whole, "{text:?} {size} {parts:?}");
                let joined: String = parts.iter().map(|p| &*p.text).collect();
                assert_eq!(joined, text);
            }
        }
        assert!(parts(texts[0], 1).len() > 2);
    }

    #[test]
    fn a_large_text_is_split() {
        let document = format!("a: |\n{}---\n", "  text\n".repeat(SIZE / 20));
        let whole = Source::new("x.yaml", document.repeat(9) + "b: [\n");
        let parts = split(&whole);
        assert!(parts.len() > 2, "{}", parts.len());
        assert_eq!(documents(&parts), documents(std::slice::from_ref(&whole)));
        assert_eq!(split(&parts[0]), parts[..1]);
        let one = Source::new("x.yaml", "  text\n".repeat(SIZE / 2));
        assert_eq!(split(&one), [one]);
    }

    #[test]
    fn what_cannot_be_read_is_told_once() {
        let told = |bytes: &[u8]| {
            let mut open = Open::of(Box::new(io::Cursor::new(bytes.to_vec())), "x.yaml".to_owned());
            open.next(4).unwrap().err().map(|d| d.one_line())
        };
        assert!(told(b"").unwrap().contains("the file is empty"));
        assert!(told(b"\n\n").unwrap().contains("the file is empty"));
        assert!(told(b"a: \xff\n").unwrap().contains("not UTF-8"));
        assert!(told(b"a: \0\n").unwrap().contains("binary"));
        assert_eq!(told(b"a: 1\n"), None);
    }
}
