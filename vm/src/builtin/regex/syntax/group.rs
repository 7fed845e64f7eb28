//! Groups that start with `(?`: names and flags.

use super::{Parser, consumed, error, next};

impl<'p> Parser<'p> {
    /// The group or the change of flags at the start of `s`, and what follows.
    pub(super) fn perl_group(&mut self, s: &'p str) -> Result<&'p str, String> {
        let named = s.strip_prefix("(?P<").filter(|rest| !rest.is_empty());
        let named = named.or_else(|| s.strip_prefix("(?<").filter(|rest| !rest.is_empty()));
        match named {
            Some(rest) => self.named_group(s, rest),
            None => self.flag_group(s),
        }
    }

    fn named_group(&mut self, s: &'p str, rest: &'p str) -> Result<&'p str, String> {
        let Some((name, after)) = rest.split_once('>') else { return Err(error("invalid named capture", s)) };
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            return Err(error("invalid named capture", consumed(s, after)));
        }
        Ok(self.open(Some(name.into()), after))
    }

    fn flag_group(&mut self, s: &'p str) -> Result<&'p str, String> {
        let mut t = s.strip_prefix("(?").unwrap_or(s);
        let mut flags = self.flags;
        // Whether flags are set, not taken away, and whether one was named since that was decided.
        let (mut on, mut named) = (true, false);
        while !t.is_empty() {
            let (c, rest) = next(t);
            t = rest;
            match c {
                'i' => flags.fold = on,
                'm' => flags.one_line = !on,
                's' => flags.dot_newline = on,
                'U' => flags.lazy = on,
                '-' if on => {
                    (on, named) = (false, false);
                    continue;
                }
                ':' | ')' if on || named => {
                    if c == ':' {
                        self.enter(None);
                    }
                    self.flags = flags;
                    return Ok(t);
                }
                _ => break,
            }
            named = true;
        }
        Err(error("invalid or unsupported Perl syntax", consumed(s, t)))
    }
}
