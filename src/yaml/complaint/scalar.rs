//! Scalars: block, quoted and plain. Only where they end, and what is wrong in them, is looked at.

use super::Step;
use super::scanner::{Scanner, is_blank, is_blankz, is_break, is_breakz};

impl Scanner {
    pub(super) fn block_scalar(&mut self) -> Step {
        self.skip();
        let (mut increment, mut chomped) = (0, false);
        for _ in 0..2 {
            match self.now() {
                '+' | '-' if !chomped => {
                    chomped = true;
                    self.skip();
                }
                '0' if increment == 0 => return self.fail("found an indentation indicator equal to 0"),
                c if c.is_ascii_digit() && increment == 0 => {
                    increment = c.to_digit(10).unwrap_or(1) as usize;
                    self.skip();
                }
                _ => break,
            }
        }
        self.skip_while(is_blank);
        if self.now() == '#' {
            self.skip_while(|c| !is_breakz(c));
        }
        if !is_breakz(self.now()) {
            return self.fail("did not find expected comment or line break");
        }
        self.skip_line();
        let mut indent = match increment {
            0 => 0,
            n => usize::try_from(self.indent).unwrap_or(0) + n,
        };
        self.block_breaks(&mut indent)?;
        while self.mark.column == indent && self.now() != '\0' {
            self.skip_while(|c| !is_breakz(c));
            self.skip_line();
            self.block_breaks(&mut indent)?;
        }
        Ok(())
    }

    fn block_breaks(&mut self, indent: &mut usize) -> Step {
        let mut most = 0;
        loop {
            while (*indent == 0 || self.mark.column < *indent) && self.now() == ' ' {
                self.skip();
            }
            most = most.max(self.mark.column);
            if (*indent == 0 || self.mark.column < *indent) && self.now() == '\t' {
                return self.fail("found a tab character where an indentation space is expected");
            }
            if !is_break(self.now()) {
                break;
            }
            self.skip_line();
        }
        if *indent == 0 {
            *indent = most.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }

    pub(super) fn flow_scalar(&mut self, single: bool) -> Step {
        let quote = if single { '\'' } else { '"' };
        self.skip();
        loop {
            if self.is_document_indicator() {
                return self.fail("found unexpected document indicator");
            }
            if self.now() == '\0' {
                return self.fail("found unexpected end of stream");
            }
            while !is_blankz(self.now()) {
                match (self.now(), self.at(1)) {
                    ('\'', '\'') if single => {
                        self.skip();
                        self.skip();
                    }
                    (c, _) if c == quote => break,
                    ('\\', next) if !single && is_break(next) => {
                        self.skip();
                        self.skip_line();
                        break;
                    }
                    ('\\', next) if !single => self.escape(next)?,
                    _ => self.skip(),
                }
            }
            if self.now() == quote {
                self.skip();
                return Ok(());
            }
            self.blanks();
        }
    }

    fn blanks(&mut self) {
        loop {
            match self.now() {
                c if is_blank(c) => self.skip(),
                c if is_break(c) => self.skip_line(),
                _ => return,
            }
        }
    }

    fn escape(&mut self, what: char) -> Step {
        let digits = match what {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '\'' | '\\' | 'N' | '_' | 'L'
            | 'P' => 0,
            _ => return self.fail("found unknown escape character"),
        };
        self.skip();
        self.skip();
        let mut value = 0_u64;
        for i in 0..digits {
            // Go: the word is misspelt there.
            let Some(digit) = self.at(i).to_digit(16) else {
                return self.fail("did not find expected hexdecimal number");
            };
            value = value << 4 | u64::from(digit);
        }
        if (0xd800..=0xdfff).contains(&value) || value > 0x10_ffff {
            return self.fail("found invalid Unicode character escape code");
        }
        (0..digits).for_each(|_| self.skip());
        Ok(())
    }

    pub(super) fn plain_scalar(&mut self) -> Step {
        let indent = self.indent + 1;
        let mut leading = false;
        loop {
            if self.is_document_indicator() || self.now() == '#' {
                break;
            }
            while !is_blankz(self.now()) {
                let (c, next) = (self.now(), self.at(1));
                if c == ':' && is_blankz(next) || self.flow > 0 && ",?[]{}".contains(c) {
                    break;
                }
                leading = false;
                self.skip();
            }
            if !is_blank(self.now()) && !is_break(self.now()) {
                break;
            }
            while is_blank(self.now()) || is_break(self.now()) {
                if is_break(self.now()) {
                    self.skip_line();
                    leading = true;
                } else {
                    if leading && (self.mark.column as isize) < indent && self.now() == '\t' {
                        return self.fail("found a tab character that violates indentation");
                    }
                    self.skip();
                }
            }
            if self.flow == 0 && (self.mark.column as isize) < indent {
                break;
            }
        }
        if leading {
            self.key_allowed = true;
        }
        Ok(())
    }
}
