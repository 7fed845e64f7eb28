//! The connections that are open, and which of them have to go.

use super::lock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a client may take for what it has begun: the handshake, or the header of a request.
const BEGUN: Duration = Duration::from_secs(10);
/// How long the first request of a connection may take where the server is about to stop.
const FIRST: Duration = Duration::from_secs(1);
/// How long a connection that was told to end may take.
const ENDING: Duration = Duration::from_secs(10);

/// Lets the process have as many files open as it may, as Go's programs do: many systems start processes with few.
pub(super) fn allow_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    all: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    limit: usize,
    idle: Duration,
    clock: Instant,
    /// Told each time that one is closed
    closed: Notify,
}

/// One connection, as its own task and the others see it.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    clock: Instant,
    /// When it began what it does now, in milliseconds
    since: AtomicU64,
    /// Requests that are not answered yet
    busy: AtomicU32,
    /// The client has begun something that it has to end soon
    begun: AtomicBool,
    /// A request has come on it
    used: AtomicBool,
    /// It was told to end
    ending: AtomicBool,
    /// Told to end where it stands between two requests
    pub(super) end: Notify,
    /// Told to go at once
    pub(super) abort: Notify,
}

impl Connections {
    /// At most `limit` connections, of which those without a request are closed after a time.
    pub(super) fn new(limit: usize, idle: Duration) -> Self {
        Self {
            all: Mutex::default(),
            next: AtomicU64::new(0),
            limit: limit.max(1),
            idle,
            clock: Instant::now(),
            closed: Notify::new(),
        }
    }

    /// Takes a new connection. Where there are too many, the one that has been idle for the longest time has to go; there is
    /// none where all of them are at work.
    pub(super) fn open(self: &Arc<Self>) -> Option<Opened> {
        let mut all = lock(&self.all);
        if all.len() >= self.limit && !give_up(&mut all) {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection {
            id,
            clock: self.clock,
            since: AtomicU64::new(0),
            busy: AtomicU32::new(0),
            begun: AtomicBool::new(true),
            used: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            end: Notify::new(),
            abort: Notify::new(),
        });
        connection.touch();
        all.insert(id, connection.clone());
        Some(Opened { connection, connections: self.clone() })
    }

    /// Closes the connection that has been idle for the longest time, where the system has no more of them.
    pub(super) fn make_room(&self) {
        give_up(&mut lock(&self.all));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.all).len()
    }

    /// Closes those that take too long. To be called about once a second.
    pub(super) fn sweep(&self) {
        for connection in lock(&self.all).values() {
            let age = connection.age();
            if connection.is_busy() {
                // Requests have limits of their own.
            } else if connection.ending.load(Ordering::Relaxed) {
                if age > ENDING {
                    connection.abort.notify_one();
                }
            } else if connection.begun.load(Ordering::Relaxed) {
                if age > BEGUN {
                    connection.abort.notify_one();
                }
            } else if age > self.idle {
                connection.end();
            }
        }
    }

    /// Tells all to end, but those that have just been opened for a request: they end with its answer. To be called again
    /// until all are [`gone`](Self::gone).
    pub(super) fn end(&self) {
        let all = lock(&self.all);
        let ripe = all.values().filter(|c| c.used.load(Ordering::Relaxed) || c.age() > FIRST);
        ripe.for_each(|c| c.end());
    }

    /// Waits until there are none.
    pub(super) async fn gone(&self) {
        loop {
            let closed = self.closed.notified();
            if self.len() == 0 {
                return;
            }
            closed.await;
        }
    }
}

/// Aborts the connection that has been idle for the longest time, and forgets it.
fn give_up(all: &mut HashMap<u64, Arc<Connection>>) -> bool {
    let idle = all.values().filter(|c| !c.is_busy());
    let Some(oldest) = idle.min_by_key(|c| c.since.load(Ordering::Relaxed)).map(|c| c.id) else { return false };
    if let Some(connection) = all.remove(&oldest) {
        connection.abort.notify_one();
    }
    true
}

/// A connection that is in the list until this is dropped.
pub(super) struct Opened {
    pub(super) connection: Arc<Connection>,
    connections: Arc<Connections>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        lock(&self.connections.all).remove(&self.connection.id);
        self.connections.closed.notify_waiters();
    }
}

impl Connection {
    fn age(&self) -> Duration {
        let now = self.clock.elapsed().as_millis();
        Duration::from_millis(u64::try_from(now).unwrap_or(u64::MAX).saturating_sub(self.since.load(Ordering::Relaxed)))
    }

    fn touch(&self) {
        let now = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(now, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    fn end(&self) {
        if !self.ending.swap(true, Ordering::Relaxed) {
            self.touch();
            self.end.notify_one();
        }
    }

    /// The handshake is done.
    pub(super) fn ready(&self) {
        self.begun.store(false, Ordering::Relaxed);
        self.touch();
    }

    /// Bytes have come. The first ones between two requests begin a header, whose end is waited for.
    pub(super) fn heard(&self) {
        if !self.is_busy() && !self.begun.swap(true, Ordering::Relaxed) {
            self.touch();
        }
    }

    /// A request has come; it is at work until the result is dropped.
    pub(super) fn work(self: &Arc<Self>) -> Work {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.begun.store(false, Ordering::Relaxed);
        self.used.store(true, Ordering::Relaxed);
        Work(self.clone())
    }
}

/// A request that is not answered yet.
pub(super) struct Work(Arc<Connection>);

impl Drop for Work {
    fn drop(&mut self) {
        // A header that began while the request was at work is taken for none; the idle limit is then its limit.
        self.0.touch();
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_idle_one_goes() {
        let all = Arc::new(Connections::new(2, Duration::from_secs(60)));
        let (first, second) = (all.open().unwrap(), all.open().unwrap());
        first.connection.ready();
        second.connection.ready();
        let work = first.connection.work();
        let third = all.open().unwrap();
        assert_eq!(all.len(), 2);
        let _at_work = third.connection.work();
        assert!(all.open().is_none(), "all are at work");
        drop(work);
        assert!(all.open().is_some(), "the first one is idle now");
    }

    #[test]
    fn what_is_dropped_is_gone() {
        let all = Arc::new(Connections::new(2, Duration::from_secs(60)));
        let one = all.open().unwrap();
        assert_eq!(all.len(), 1);
        drop(one);
        assert_eq!(all.len(), 0);
    }

    #[test]
    fn idle_ones_are_told_to_end() {
        let all = Arc::new(Connections::new(2, Duration::ZERO));
        let one = all.open().unwrap();
        one.connection.ready();
        one.connection.since.store(0, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(2));
        all.sweep();
        assert!(one.connection.ending.load(Ordering::Relaxed));
    }
}
