//! Plain scalars: the part that stands in one line.

use super::{Scanner, Step, Unknown};

/// Bytes that may end a plain scalar outside brackets.
const BLOCK: [bool; 256] = table(b":#\n\r\t");
/// Bytes that may end one between brackets.
const FLOW: [bool; 256] = table(b":#\n\r\t,[]{}");

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut out = [false; 256];
    let mut rest = bytes;
    while let [first, others @ ..] = rest {
        out[*first as usize] = true;
        rest = others;
    }
    out
}

const fn is_flow(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

impl Scanner<'_, '_> {
    /// The end of the plain scalar that starts here, without the spaces behind it, and the byte that ended it: a colon,
    /// the `#` of a comment, or the line's break. The scanner stands there then.
    #[inline]
    pub(super) fn plain(&mut self) -> Step<(usize, u8)> {
        match self.byte(self.at) {
            b'[' | b']' | b'{' | b'}' | b',' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
            | b'`' => return Err(Unknown),
            b'-' | b'?' | b':' if matches!(self.byte(self.at + 1), b' ' | b'\t' | b'\n' | b'\r') => {
                return Err(Unknown);
            }
            _ => {}
        }
        self.plain_from(self.at)
    }

    /// As [`plain`](Self::plain), for a line that goes on with a scalar.
    #[inline]
    pub(super) fn plain_from(&mut self, start: usize) -> Step<(usize, u8)> {
        let mut at = start;
        loop {
            let byte = self.byte(at);
            if !BLOCK[byte as usize] {
                at += 1;
                continue;
            }
            match byte {
                b':' => match self.byte(at + 1) {
                    b' ' | b'\n' | b'\r' => break,
                    b'\t' => return Err(Unknown),
                    _ => at += 1,
                },
                b'#' if at == start || self.byte(at - 1) == b' ' => break,
                b'#' => at += 1,
                b'\t' => return Err(Unknown),
                _ => break,
            }
        }
        self.at = at;
        self.trimmed(start, at)
    }

    /// The same between brackets, where a bracket or a comma ends it too.
    pub(super) fn plain_in_flow(&mut self) -> Step<(usize, u8)> {
        let start = self.at;
        match self.byte(start) {
            b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b'?' | b':' => {
                return Err(Unknown);
            }
            b'-' => match self.byte(start + 1) {
                b' ' | b'\t' | b'\n' | b'\r' => return Err(Unknown),
                next if is_flow(next) => return Err(Unknown),
                _ => {}
            },
            byte if is_flow(byte) => return Err(Unknown),
            _ => {}
        }
        let mut at = start;
        loop {
            let byte = self.byte(at);
            if !FLOW[byte as usize] {
                at += 1;
                continue;
            }
            match byte {
                b':' => match self.byte(at + 1) {
                    b' ' | b'\n' | b'\r' => break,
                    b'\t' => return Err(Unknown),
                    next if is_flow(next) => return Err(Unknown),
                    _ => at += 1,
                },
                b'#' if self.byte(at - 1) == b' ' => break,
                b'#' => at += 1,
                b'\t' => return Err(Unknown),
                // The event parser refuses ` -` before a bracket.
                _ if is_flow(byte) && self.byte(at - 1) == b'-' => return Err(Unknown),
                _ => break,
            }
        }
        self.at = at;
        self.trimmed(start, at)
    }

    #[inline]
    fn trimmed(&self, start: usize, stop: usize) -> Step<(usize, u8)> {
        let mut to = stop;
        while to > start && self.byte(to - 1) == b' ' {
            to -= 1;
        }
        if to == start { Err(Unknown) } else { Ok((to, self.byte(stop))) }
    }
}
