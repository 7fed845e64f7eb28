//! A socket that is read in large pieces.

use super::watched::writes_pass;
use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest record of TLS, with what stands around it.
const SIZE: usize = 17 << 10;

thread_local! {
    /// The piece for the next read on this thread: connections have one of their own only while something is left in it.
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// TLS asks for 4 KiB at a time; that would be several calls of the system for each request.
pub(super) struct Chunked<S> {
    stream: S,
    /// What was read, and what of that was not asked for yet
    piece: Vec<u8>,
    left: Range<usize>,
}

impl<S> Chunked<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, piece: Vec::new(), left: 0..0 }
    }

    /// Hands over what is left, as far as there is room.
    fn give(&mut self, out: &mut ReadBuf<'_>) {
        let left = self.piece.get(self.left.clone()).unwrap_or_default();
        let now = left.get(..out.remaining()).unwrap_or(left);
        out.put_slice(now);
        self.left.start += now.len();
        if self.left.is_empty() {
            keep(std::mem::take(&mut self.piece));
        }
    }
}

fn keep(piece: Vec<u8>) {
    SPARE.set(piece);
}

impl<S: AsyncRead + Unpin> AsyncRead for Chunked<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            let mut piece = SPARE.take();
            piece.resize(SIZE, 0);
            let mut read = ReadBuf::new(&mut piece);
            let polled = Pin::new(&mut self.stream).poll_read(cx, &mut read);
            let length = read.filled().len();
            if length == 0 {
                keep(piece);
                return polled;
            }
            (self.piece, self.left) = (piece, 0..length);
        }
        self.give(out);
        Poll::Ready(Ok(()))
    }
}

writes_pass!(Chunked);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[test]
    fn small_reads_see_every_byte() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let mut stream = Chunked::new(sent.as_slice());
        let got = runtime.block_on(async {
            let (mut got, mut part) = (Vec::new(), [0; 4096]);
            loop {
                match stream.read(&mut part).await.unwrap() {
                    0 => return got,
                    n => got.extend_from_slice(&part[..n]),
                }
            }
        });
        assert!(got == sent);
        assert!(stream.piece.is_empty(), "nothing is kept when nothing is left");
    }
}
