//! Directives, anchors and tags.

use super::Step;
use super::scanner::{Kind, Scanner, is_blank, is_blankz, is_break, is_breakz};

fn is_alpha(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl Scanner {
    /// The characters of a name, which are skipped.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while is_alpha(self.now()) {
            name.push(self.now());
            self.skip();
        }
        name
    }

    pub(super) fn directive(&mut self) -> Step<Kind> {
        self.skip();
        let name = self.name();
        if name.is_empty() {
            return self.fail("could not find expected directive name");
        }
        if !is_blankz(self.now()) {
            return self.fail("found unexpected non-alphabetical character");
        }
        let kind = match name.as_str() {
            "YAML" => Kind::Version(self.version()?),
            "TAG" => Kind::TagDirective(self.tag_directive()?),
            _ => return self.fail("found unknown directive name"),
        };
        self.skip_while(is_blank);
        if self.now() == '#' {
            self.skip_while(|c| !is_breakz(c));
        }
        if !is_breakz(self.now()) {
            return self.fail("did not find expected comment or line break");
        }
        if is_break(self.now()) {
            self.skip_line();
        }
        Ok(kind)
    }

    /// Whether the version is the one that yaml.v2 knows, 1.1.
    fn version(&mut self) -> Step<bool> {
        self.skip_while(is_blank);
        let major = self.version_number()?;
        if self.now() != '.' {
            return self.fail("did not find expected digit or '.' character");
        }
        self.skip();
        let minor = self.version_number()?;
        Ok((major, minor) == (1, 1))
    }

    fn version_number(&mut self) -> Step<u32> {
        let (mut value, mut length) = (0, 0);
        while let Some(digit) = self.now().to_digit(10) {
            length += 1;
            if length > 2 {
                return self.fail("found extremely long version number");
            }
            value = value * 10 + digit;
            self.skip();
        }
        if length == 0 { self.fail("did not find expected version number") } else { Ok(value) }
    }

    fn tag_directive(&mut self) -> Step<String> {
        self.skip_while(is_blank);
        let handle = self.tag_handle(true)?;
        if !is_blank(self.now()) {
            return self.fail("did not find expected whitespace");
        }
        self.skip_while(is_blank);
        self.tag_uri("")?;
        if !is_blankz(self.now()) {
            return self.fail("did not find expected whitespace or line break");
        }
        Ok(handle)
    }

    pub(super) fn anchor(&mut self) -> Step<String> {
        self.skip();
        let name = self.name();
        let ends = is_blankz(self.now()) || "?:,]}%@`".contains(self.now());
        if name.is_empty() || !ends {
            return self.fail("did not find expected alphabetic or numeric character");
        }
        Ok(name)
    }

    pub(super) fn tag(&mut self) -> Step<Kind> {
        let kind = if self.at(1) == '<' {
            self.skip();
            self.skip();
            self.tag_uri("")?;
            if self.now() != '>' {
                return self.fail("did not find the expected '>'");
            }
            self.skip();
            Kind::Tag(String::new())
        } else {
            let handle = self.tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                self.tag_uri("")?;
                Kind::Tag(handle)
            } else {
                // A lone `!` has no handle, and itself for a suffix.
                let any = self.tag_uri(&handle)?;
                Kind::Tag(if any { "!".to_owned() } else { String::new() })
            }
        };
        if !is_blankz(self.now()) {
            return self.fail("did not find expected whitespace or line break");
        }
        Ok(kind)
    }

    fn tag_handle(&mut self, directive: bool) -> Step<String> {
        if self.now() != '!' {
            return self.fail("did not find expected '!'");
        }
        self.skip();
        let mut handle = format!("!{}", self.name());
        if self.now() == '!' {
            handle.push('!');
            self.skip();
        } else if directive && handle != "!" {
            return self.fail("did not find expected '!'");
        }
        Ok(handle)
    }

    /// Goes over a tag's URI, of which `head` has been read. Whether there is more than the `!` of the head.
    fn tag_uri(&mut self, head: &str) -> Step<bool> {
        let mut any = head.len() > 1;
        let mut found = !head.is_empty();
        loop {
            match self.now() {
                '%' => self.uri_escapes()?,
                c if is_alpha(c) || (";/?:@&=+$,.!~*'()[]".contains(c) && c != '\0') => self.skip(),
                _ => break,
            }
            (any, found) = (true, true);
        }
        if found { Ok(any) } else { self.fail("did not find expected tag URI") }
    }

    /// One character in percent signs.
    fn uri_escapes(&mut self) -> Step {
        let mut left = None;
        while left != Some(0) {
            let digits = (self.now() == '%').then(|| self.at(1).to_digit(16).zip(self.at(2).to_digit(16)));
            let Some(Some((high, low))) = digits else { return self.fail("did not find URI escaped octet") };
            let octet = high << 4 | low;
            left = match left {
                None => match octet {
                    0..0x80 => Some(0),
                    0xc0..0xe0 => Some(1),
                    0xe0..0xf0 => Some(2),
                    0xf0..0xf8 => Some(3),
                    _ => return self.fail("found an incorrect leading UTF-8 octet"),
                },
                Some(_) if octet & 0xc0 != 0x80 => return self.fail("found an incorrect trailing UTF-8 octet"),
                Some(n) => Some(n - 1),
            };
            (0..3).for_each(|_| self.skip());
        }
        Ok(())
    }
}
