//! Reading the body of a request, within limits.

use super::Limits;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout, timeout_at};

/// How long a body may take that nobody wants to see.
const DISCARD: Duration = Duration::from_secs(5);
/// What is counted at once of the memory for bodies.
const UNIT: usize = 16 << 10;

/// A body, and its share of the memory for all of them.
pub(super) struct Read {
    pub(super) bytes: Bytes,
    _memory: Memory,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is larger than a body may be
    TooLarge,
    /// There is no memory for it now
    NoMemory,
    /// The client took too long
    TooSlow,
    /// The client broke off
    Broken,
}

/// A semaphore for the memory of bodies.
pub(super) fn memory(bytes: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS)))
}

/// A part of the memory.
struct Memory {
    of: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// Makes it enough for so many bytes.
    fn grow(&mut self, bytes: usize) -> Result<(), Unread> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(UNIT).saturating_sub(held);
        let Some(more) = u32::try_from(more).ok().filter(|n| *n > 0) else { return Ok(()) };
        let permit = self.of.clone().try_acquire_many_owned(more).map_err(|_| Unread::NoMemory)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

/// Reads a body until a time.
pub(super) async fn read(
    body: Incoming,
    limits: &Limits,
    memory: &Arc<Semaphore>,
    until: Instant,
) -> Result<Read, Unread> {
    timeout_at(until, read_on(body, limits.body, memory)).await.unwrap_or(Err(Unread::TooSlow))
}

/// Reads a body that nobody wants to see, as far as it is no larger than others: an answer before its end may not reach the
/// client, and ends the connection.
pub(super) async fn discard(mut body: Incoming, limits: &Limits) {
    let all = async {
        let mut left = limits.body;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    };
    let _ = timeout(DISCARD, all).await;
}

async fn read_on(mut body: Incoming, limit: usize, memory: &Arc<Semaphore>) -> Result<Read, Unread> {
    let announced = body.size_hint().exact().map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX));
    if announced > limit {
        return Err(Unread::TooLarge);
    }
    // What is only announced takes none of it.
    let mut memory = Memory { of: memory.clone(), held: None };
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        let length = first.len().max(all.len()) + data.len();
        if length > limit {
            return Err(Unread::TooLarge);
        }
        memory.grow(length)?;
        // A body in one piece is not copied.
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve_exact(announced.max(length));
            all.extend_from_slice(&first);
            first = Bytes::new();
        }
        all.extend_from_slice(&data);
    }
    let bytes = if all.is_empty() { first } else { all.into() };
    Ok(Read { bytes, _memory: memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared() {
        let all = memory(4 * UNIT);
        let mut one = Memory { of: all.clone(), held: None };
        assert_eq!(one.grow(UNIT), Ok(()));
        assert_eq!(one.grow(UNIT + 1), Ok(()));
        let mut other = Memory { of: all.clone(), held: None };
        assert_eq!(other.grow(3 * UNIT), Err(Unread::NoMemory));
        drop(one);
        assert_eq!(other.grow(3 * UNIT), Ok(()));
        assert_eq!(all.available_permits(), 1);
    }
}
