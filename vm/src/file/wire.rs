//! Bytes in and out.

use thiserror::Error;

/// Why bytes make no sense.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// They end too early
    #[error("the payload ends too early")]
    End,
    /// There are more than expected
    #[error("bytes after the end of the payload")]
    Rest,
    /// A number, tag or text is invalid
    #[error("invalid {0}")]
    Invalid(&'static str),
}

/// Writes numbers, texts and lists.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// One byte.
    pub fn u8(&mut self, n: u8) {
        self.out.push(n);
    }

    /// A number, short where it is small.
    pub fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    /// A length.
    pub fn len(&mut self, n: usize) {
        self.number(n as u64);
    }

    /// Eight bytes.
    pub fn u64(&mut self, n: u64) {
        self.out.extend_from_slice(&n.to_le_bytes());
    }

    /// A boolean.
    pub fn bool(&mut self, b: bool) {
        self.u8(u8::from(b));
    }

    /// Bytes with their length.
    pub fn bytes(&mut self, b: &[u8]) {
        self.len(b.len());
        self.out.extend_from_slice(b);
    }

    /// A text.
    pub fn str(&mut self, s: &str) {
        self.bytes(s.as_bytes());
    }

    /// A list with its length.
    pub fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.len(items.len());
        for item in items {
            each(self, item);
        }
    }

    /// A value that may be absent.
    pub fn option<T>(&mut self, value: Option<&T>, each: impl FnOnce(&mut Self, &T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            each(self, value);
        }
    }
}

/// For so many items a list has room before one is read.
const RESERVED: usize = 1 << 16;

/// Reads what a [`Writer`] wrote.
#[derive(Clone, Debug)]
pub struct Reader<'b> {
    left: &'b [u8],
}

impl<'b> Reader<'b> {
    /// Starts at the first byte.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { left: bytes }
    }

    /// Checks that nothing is left.
    pub fn end(&self) -> Result<(), WireError> {
        if self.left.is_empty() { Ok(()) } else { Err(WireError::Rest) }
    }

    fn take(&mut self, n: usize) -> Result<&'b [u8], WireError> {
        let (head, rest) = self.left.split_at_checked(n).ok_or(WireError::End)?;
        self.left = rest;
        Ok(head)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        self.take(1)?.first().copied().ok_or(WireError::End)
    }

    /// A number in its shortest form.
    pub fn number(&mut self) -> Result<u64, WireError> {
        // Most numbers are small.
        if let Some((&byte, rest)) = self.left.split_first()
            && byte < 0x80
        {
            self.left = rest;
            return Ok(u64::from(byte));
        }
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            n |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(WireError::Invalid("number")) } else { Ok(n) };
            }
        }
        Err(WireError::Invalid("number"))
    }

    /// A number of 32 bits.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.number()?).map_err(|_| WireError::Invalid("number"))
    }

    /// A length, which cannot be larger than what is left.
    pub fn length(&mut self) -> Result<usize, WireError> {
        let n = usize::try_from(self.number()?).map_err(|_| WireError::Invalid("length"))?;
        if n > self.left.len() { Err(WireError::End) } else { Ok(n) }
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.take(8)?.first_chunk().map(|b| u64::from_le_bytes(*b)).ok_or(WireError::End)
    }

    /// A boolean.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Invalid("boolean")),
        }
    }

    /// Bytes with their length.
    pub fn bytes(&mut self) -> Result<&'b [u8], WireError> {
        let n = self.length()?;
        self.take(n)
    }

    /// A text.
    pub fn str(&mut self) -> Result<&'b str, WireError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| WireError::Invalid("text"))
    }

    /// A list.
    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, WireError>) -> Result<Vec<T>, WireError> {
        // Every item takes at least a byte, so that a length cannot reserve more than the file is long.
        let n = self.length()?;
        let mut list = Vec::with_capacity(n.min(RESERVED));
        for _ in 0..n {
            list.push(each(self)?);
        }
        list.shrink_to_fit();
        Ok(list)
    }

    /// A value that may be absent.
    pub fn option<T>(&mut self, each: impl FnOnce(&mut Self) -> Result<T, WireError>) -> Result<Option<T>, WireError> {
        if self.bool()? { each(self).map(Some) } else { Ok(None) }
    }
}
