//! Load from a client that keeps its connections, for any replicas: it asks the other one once where a connection breaks.

use super::trusting::trusting;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer may take before it counts as none.
const GUARD: Duration = Duration::from_secs(60);
/// What a worker waits between two requests, so that the load lasts as long as what happens meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// Where the replicas are.
pub(crate) trait Replicas: Sync {
    /// The address of one of the two, which another process may have by now.
    fn address(&self, replica: usize) -> SocketAddr;
}

/// Says what is wrong with an answer, by its status and its body.
pub(crate) type Judge<'q> = Box<dyn FnOnce(u16, &str) -> Result<(), String> + 'q>;

/// A request, and who says whether its answer is right.
pub(crate) struct Question<'q> {
    pub(crate) path: &'static str,
    pub(crate) body: String,
    pub(crate) judge: Judge<'q>,
}

/// What came of the load so far.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) answered: AtomicUsize,
    /// Requests whose connection broke, by the replica that did not answer
    pub(crate) broken: [AtomicUsize; 2],
    /// What was wrong with answers, or why there is none
    pub(crate) wrong: Mutex<Vec<String>>,
}

impl Tally {
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    pub(crate) fn broken(&self) -> [usize; 2] {
        self.broken.each_ref().map(|n| n.load(Ordering::SeqCst))
    }
}

/// Sends requests while something happens, and until there were enough. Gives what came of what happens: a failure in
/// there must not let the load go on for ever.
pub(crate) fn during<'q>(
    workers: usize,
    least: usize,
    replicas: &dyn Replicas,
    question: &(dyn Fn(usize) -> Question<'q> + Sync),
    tally: &Tally,
    happen: impl FnOnce() + Send,
) -> std::thread::Result<()> {
    let more = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| run(workers, least, replicas, question, &more, tally));
        let events = scope.spawn(happen).join();
        more.store(false, Ordering::SeqCst);
        load.join().unwrap();
        events
    })
}

/// Sends requests until there were enough and nobody wants more.
fn run<'q>(
    workers: usize,
    least: usize,
    replicas: &dyn Replicas,
    question: &(dyn Fn(usize) -> Question<'q> + Sync),
    more: &AtomicBool,
    tally: &Tally,
) {
    let tls = Arc::new(trusting().unwrap());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (tls, next) = (&tls, &next);
            scope.spawn(move || {
                let mut client = Client { replicas, tls, at: worker % 2, home: worker % 2, kept: None, tally };
                while more.load(Ordering::SeqCst) || next.load(Ordering::SeqCst) < least {
                    let Question { path, body, judge } = question(next.fetch_add(1, Ordering::SeqCst));
                    let said = client.ask(path, &body).map_err(|e| format!("no answer: {e}"));
                    if let Err(why) = said.and_then(|(status, text)| judge(status, &text)) {
                        tally.wrong.lock().unwrap().push(why);
                    }
                    tally.answered.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(PAUSE);
                }
            });
        }
    });
}

/// One worker of the client.
struct Client<'c> {
    replicas: &'c dyn Replicas,
    tls: &'c Arc<ClientConfig>,
    /// The replica that it asks where it can
    home: usize,
    /// The replica that it is connected with
    at: usize,
    kept: Option<Connection>,
    tally: &'c Tally,
}

impl Client<'_> {
    fn ask(&mut self, path: &str, body: &str) -> io::Result<(u16, String)> {
        let mut connection = match self.kept.take() {
            Some(kept) => kept,
            None => self.connect(self.home).or_else(|_| self.connect(1 - self.home))?,
        };
        let answer = match connection.ask(path, body) {
            Ok(answer) => answer,
            Err(_) => {
                self.tally.broken[self.at].fetch_add(1, Ordering::SeqCst);
                connection = self.connect(1 - self.at)?;
                connection.ask(path, body)?
            }
        };
        let (status, text, closes) = answer;
        self.kept = (!closes).then_some(connection);
        Ok((status, text))
    }

    fn connect(&mut self, replica: usize) -> io::Result<Connection> {
        self.at = replica;
        Connection::open(self.replicas.address(replica), self.tls)
    }
}

/// A connection that is kept.
struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Connection {
    fn open(address: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(GUARD))?;
        socket.set_nodelay(true)?;
        let mut client = ClientConnection::new(tls.clone(), ServerName::try_from("localhost").unwrap())
            .map_err(|e| io::Error::other(e.to_string()))?;
        while client.is_handshaking() {
            client.complete_io(&mut socket)?;
        }
        Ok(Self(BufReader::new(StreamOwned::new(client, socket))))
    }

    /// Status and body of the answer, and whether the connection ends with it.
    fn ask(&mut self, path: &str, body: &str) -> io::Result<(u16, String, bool)> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes())?;
        self.0.get_mut().flush()?;
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "this is no answer");
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(bad)?;
        let (mut length, mut closes) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().map_err(|_| bad())?;
            }
            closes |= line == "connection: close";
        }
        let mut text = vec![0; length];
        self.0.read_exact(&mut text)?;
        Ok((status, String::from_utf8(text).map_err(|_| bad())?, closes))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
