//! Compiled expressions: matching and replacing as Go's regexp does.

use super::syntax::{error, parse};
use super::template::Template;
use crate::verdict::TrapKind;
use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::captures::Captures;

/// How large a compiled expression and the cache of a search may get.
const SIZE: usize = 10 << 20;
const CACHE: usize = 2 << 20;

/// How many bytes a search may look ahead for a unit of fuel.
const AHEAD: u64 = 128;

/// A regular expression of Go.
#[derive(Debug)]
pub struct GoRegex {
    regex: Regex,
    groups: Vec<Option<Box<str>>>,
}

impl GoRegex {
    /// Compiles a pattern; an error is in Go's words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let parsed = parse(pattern, true)?;
        let hir = parsed.tree.into_hir();
        let config =
            Config::new().nfa_size_limit(Some(SIZE)).onepass_size_limit(Some(SIZE / 8)).hybrid_cache_capacity(CACHE);
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| error("expression too large", pattern))?;
        Ok(Self { regex, groups: parsed.groups })
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.regex.memory_usage()
    }

    /// Whether it matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The groups of the first match, the whole match first.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        let mut found = self.regex.create_captures();
        self.regex.captures(text, &mut found);
        found.is_match().then(|| (0..found.group_len()).map(|i| group(&found, text, i)).collect())
    }

    /// The text with every match replaced, unless that has more than `limit` bytes. Each search is paid for with what it
    /// may have to look at.
    ///
    /// Go: regexp.Regexp.replaceAll: an empty match that touches the match before it is left alone.
    pub(crate) fn replace_all(
        &self,
        text: &str,
        with: &Template<'_>,
        limit: usize,
        pay: &dyn Fn(u64) -> bool,
    ) -> Result<String, TrapKind> {
        let mut found = self.regex.create_captures();
        let mut out = String::new();
        let (mut done, mut from) = (0, 0);
        while from <= text.len() {
            if !pay((text.len() - from) as u64 / AHEAD) {
                return Err(TrapKind::Fuel);
            }
            let input = Input::new(text).range(from..);
            let whole = if with.has_groups() {
                self.regex.search_captures(&input, &mut found);
                found.get_match()
            } else {
                self.regex.search(&input)
            };
            let Some(whole) = whole else { break };
            out.push_str(text.get(done..whole.start()).unwrap_or_default());
            if whole.end() > done || whole.start() == 0 {
                with.write(&mut out, |number| group(&found, text, number), &self.groups, limit);
            }
            if out.len() > limit {
                return Err(TrapKind::Memory);
            }
            done = whole.end();
            let width = text.get(from..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
            from = (from + width).max(done);
        }
        out.push_str(text.get(done..).unwrap_or_default());
        if out.len() <= limit { Ok(out) } else { Err(TrapKind::Memory) }
    }
}

fn group<'t>(found: &Captures, text: &'t str, number: usize) -> Option<&'t str> {
    found.get_group(number).and_then(|span| text.get(span.range()))
}
