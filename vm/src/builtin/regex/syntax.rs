//! Reads Go's regular expressions: what Go's regexp/syntax accepts is accepted and means the same, what it refuses is
//! refused with the same words. Nothing here recurses over the pattern.

mod group;
mod number;

use super::class::{self, Ranges};
use super::tree::{Node, Tree};
use number::counts;
pub(super) use number::escape;
use regex_syntax::hir::Look;

/// How high and how large an expression may get; Go allows a height of 1000.
const MAX_HEIGHT: u32 = 250;
const MAX_SIZE: u64 = (128 << 20) / 40;
const MAX_PATTERN: usize = 1 << 18;

/// What holds at a point of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    /// Upper and lower case are the same
    pub(super) fold: bool,
    /// `^` and `$` are the ends of the text, not of a line
    one_line: bool,
    /// `.` matches a newline too
    dot_newline: bool,
    /// Repetitions take as little as they can
    lazy: bool,
    /// Perl's extensions, not only POSIX
    pub(super) perl: bool,
}

/// A pattern that has been read.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) tree: Tree,
    /// The names of the groups, from the first on
    pub(super) groups: Vec<Option<Box<str>>>,
}

/// An error in Go's words.
pub(super) fn error(what: &str, text: &str) -> String {
    format!("error parsing regexp: {what}: `{text}`")
}

/// The first character and what follows; like Go, the replacement character at the end.
pub(super) fn next(t: &str) -> (char, &str) {
    let mut chars = t.chars();
    (chars.next().unwrap_or(char::REPLACEMENT_CHARACTER), chars.as_str())
}

/// What stands in `s` before its end `rest`.
pub(super) fn consumed<'s>(s: &'s str, rest: &str) -> &'s str {
    s.get(..s.len().saturating_sub(rest.len())).unwrap_or(s)
}

/// A group that is not closed yet.
struct Frame {
    flags: Flags,
    index: Option<u32>,
    alternatives: Vec<Tree>,
    items: Vec<Tree>,
}

struct Parser<'p> {
    pattern: &'p str,
    flags: Flags,
    frames: Vec<Frame>,
    top: Frame,
    groups: Vec<Option<Box<str>>>,
    ranges: Ranges,
}

/// Reads a pattern, in Perl's or in POSIX' syntax.
pub(crate) fn parse(pattern: &str, perl: bool) -> Result<Parsed, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(error("expression too large", pattern.get(..64).unwrap_or_default()));
    }
    let flags = Flags { fold: false, one_line: perl, dot_newline: false, lazy: false, perl };
    let top = Frame { flags, index: None, alternatives: Vec::new(), items: Vec::new() };
    let parser = Parser { pattern, flags, frames: Vec::new(), top, groups: Vec::new(), ranges: Ranges::default() };
    parser.run()
}

impl<'p> Parser<'p> {
    fn run(mut self) -> Result<Parsed, String> {
        let mut t = self.pattern;
        let mut last = "";
        while let Some(c) = t.chars().next() {
            let (before, after) = (t, next(t).1);
            let mut repeat = "";
            t = match c {
                '(' if self.flags.perl && after.starts_with('?') => self.perl_group(t)?,
                '(' => self.open(None, after),
                '|' => {
                    self.bar()?;
                    after
                }
                ')' => {
                    self.close()?;
                    after
                }
                '^' => self.look(if self.flags.one_line { Look::Start } else { Look::StartLF }, after)?,
                '$' => self.look(if self.flags.one_line { Look::End } else { Look::EndLF }, after)?,
                '.' => {
                    self.push(Node::Class(class::any(self.flags.dot_newline)))?;
                    after
                }
                '[' => {
                    let (class, rest) = class::bracket(t, self.flags, &mut self.ranges)?;
                    self.push(Node::Class(class))?;
                    rest
                }
                '*' | '+' | '?' => {
                    repeat = before;
                    let times = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(times, before, after, last)?
                }
                '{' => match counts(after) {
                    None => {
                        self.literal(u32::from(c))?;
                        after
                    }
                    Some((times, rest)) => {
                        repeat = before;
                        let times = times.ok_or_else(|| error("invalid repeat count", consumed(before, rest)))?;
                        self.repeat(times, before, rest, last)?
                    }
                },
                '\\' => self.backslash(t)?,
                c => {
                    self.literal(u32::from(c))?;
                    after
                }
            };
            last = repeat;
        }
        if !self.frames.is_empty() {
            return Err(error("missing closing )", self.pattern));
        }
        let tree = self.finish()?;
        Ok(Parsed { tree, groups: self.groups })
    }

    /// Starts a group that captures.
    fn open(&mut self, name: Option<Box<str>>, rest: &'p str) -> &'p str {
        self.groups.push(name);
        let index = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.enter(Some(index));
        rest
    }

    fn enter(&mut self, index: Option<u32>) {
        let frame = Frame { flags: self.flags, index, alternatives: Vec::new(), items: Vec::new() };
        self.frames.push(std::mem::replace(&mut self.top, frame));
    }

    fn push(&mut self, node: Node) -> Result<(), String> {
        let tree = self.tree(node)?;
        self.top.items.push(tree);
        Ok(())
    }

    fn tree(&self, node: Node) -> Result<Tree, String> {
        let tree = Tree::new(node);
        if tree.height > MAX_HEIGHT {
            Err(error("expression nests too deeply", self.pattern))
        } else if tree.size > MAX_SIZE {
            Err(error("expression too large", self.pattern))
        } else {
            Ok(tree)
        }
    }

    fn look(&mut self, look: Look, rest: &'p str) -> Result<&'p str, String> {
        self.push(Node::Look(look))?;
        Ok(rest)
    }

    fn literal(&mut self, c: u32) -> Result<(), String> {
        match char::from_u32(c) {
            Some(c) if self.flags.fold => {
                let mut class = class::class(&[(c.into(), c.into())]);
                class::fold(&mut class)?;
                self.push(Node::Class(class))
            }
            Some(c) => self.push(Node::Literal(c)),
            None => self.push(Node::Class(class::class(&[]))),
        }
    }

    /// Ends an alternative.
    fn bar(&mut self) -> Result<(), String> {
        let mut items = std::mem::take(&mut self.top.items);
        let tree = match (items.len(), items.pop()) {
            (1, Some(only)) => only,
            (_, None) => self.tree(Node::Empty)?,
            (_, Some(last)) => {
                items.push(last);
                self.tree(Node::Concat(items))?
            }
        };
        self.top.alternatives.push(tree);
        Ok(())
    }

    /// Ends a group: its alternatives as one expression.
    fn finish(&mut self) -> Result<Tree, String> {
        self.bar()?;
        let mut of = std::mem::take(&mut self.top.alternatives);
        match of.pop() {
            Some(only) if of.is_empty() => Ok(only),
            Some(last) => {
                of.push(last);
                self.tree(Node::Alternate(of))
            }
            None => self.tree(Node::Empty),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        let tree = self.finish()?;
        let Some(outer) = self.frames.pop() else { return Err(error("unexpected )", self.pattern)) };
        let inner = std::mem::replace(&mut self.top, outer);
        self.flags = inner.flags;
        let tree = match inner.index {
            Some(index) => self.tree(Node::Group { index, of: Box::new(tree) })?,
            None => tree,
        };
        self.top.items.push(tree);
        Ok(())
    }

    /// Repeats the last item. `before` starts at the operator, `after` follows it, `last` starts at the operator
    /// before, if that was one.
    fn repeat(
        &mut self,
        (min, max): (u32, Option<u32>),
        before: &'p str,
        mut after: &'p str,
        last: &'p str,
    ) -> Result<&'p str, String> {
        let mut lazy = self.flags.lazy;
        if self.flags.perl {
            if let Some(rest) = after.strip_prefix('?') {
                after = rest;
                lazy = !lazy;
            }
            if !last.is_empty() {
                return Err(error("invalid nested repetition operator", consumed(last, after)));
            }
        }
        let Some(of) = self.top.items.pop() else {
            return Err(error("missing argument to repetition operator", consumed(before, after)));
        };
        let tree = self.tree(Node::Repeat { min, max, greedy: !lazy, of: Box::new(of) })?;
        if (min >= 2 || max.is_some_and(|max| max >= 2)) && !tree.repeats_at_most(1000) {
            return Err(error("invalid repeat count", consumed(before, after)));
        }
        self.top.items.push(tree);
        Ok(after)
    }

    /// What a backslash starts.
    fn backslash(&mut self, t: &'p str) -> Result<&'p str, String> {
        let (letter, rest) = next(next(t).1);
        if self.flags.perl {
            match letter {
                'A' => return self.look(Look::Start, rest),
                'z' => return self.look(Look::End, rest),
                'b' => return self.look(Look::WordAscii, rest),
                'B' => return self.look(Look::WordAsciiNegate, rest),
                'C' => return Err(error("invalid escape sequence", "\\C")),
                'Q' => {
                    let (text, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
                    text.chars().try_for_each(|c| self.literal(u32::from(c)))?;
                    return Ok(rest);
                }
                _ => {}
            }
        }
        let class = match class::unicode(t, self.flags)? {
            None => class::perl(t, self.flags)?,
            found => found,
        };
        if let Some((class, rest)) = class {
            self.ranges.charge(&class)?;
            self.push(Node::Class(class))?;
            return Ok(rest);
        }
        let (c, rest) = escape(t)?;
        self.literal(c)?;
        Ok(rest)
    }
}
