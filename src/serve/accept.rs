//! From sockets to requests: accepting, TLS, HTTP/1.1 or HTTP/2.

use super::Server;
use super::chunked::Chunked;
use super::connections::{Connection, Opened};
use super::handler;
use super::watched::Watched;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

/// How long nothing is accepted where the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(20);
/// How long is looked for connections that were made before nothing was accepted any more.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// What the header of a request may have, in bytes.
const HEADER: usize = 64 << 10;
/// Requests at a time on one connection of HTTP/2.
const STREAMS: u32 = 256;

/// Accepts connections until `stop` ends.
pub(super) async fn accept(server: &Arc<Server>, listener: TcpListener, tls: &TlsAcceptor, stop: impl Future) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => take(server, tls, accepted.map(|(socket, _)| socket)).await,
            _ = &mut stop => break,
        }
    }
    // Those that the system has made already would be refused when the listener goes. There may always be more.
    let until = tokio::time::Instant::now() + LAST_LOOK;
    while let Ok(accepted) = tokio::time::timeout_at(until, listener.accept()).await {
        take(server, tls, accepted.map(|(socket, _)| socket)).await;
        if tokio::time::Instant::now() > until + LAST_LOOK {
            break;
        }
    }
}

async fn take(server: &Arc<Server>, tls: &TlsAcceptor, accepted: io::Result<TcpStream>) {
    let socket = match accepted {
        Ok(socket) => socket,
        // The client has gone already.
        Err(e) if matches!(e.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => return,
        Err(e) => {
            warn!(error = %e, "connections cannot be accepted");
            server.connections.make_room();
            tokio::time::sleep(PAUSE).await;
            return;
        }
    };
    let Some(opened) = server.connections.open() else {
        debug!("too many connections, and all of them are at work");
        return;
    };
    // Answers are small, and nobody should wait for more of them.
    let _ = socket.set_nodelay(true);
    tokio::spawn(connection(server.clone(), tls.clone(), socket, opened));
}

async fn connection(server: Arc<Server>, tls: TlsAcceptor, socket: TcpStream, opened: Opened) {
    let connection = &opened.connection;
    let stream = tokio::select! {
        stream = tls.accept(Chunked::new(socket)) => stream,
        () = connection.abort.notified() => return,
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(e) => {
            debug!(error = %e, "a client did not speak TLS with the server");
            return;
        }
    };
    connection.ready();
    let streams = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(Watched { stream, connection: connection.clone(), in_turn: !streams });
    let service = service_fn(|request| {
        let (server, work) = (server.clone(), connection.work());
        async move {
            let answer = handler::answer(&server, request).await;
            drop(work);
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let result = if streams {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADER as u32);
        drive(builder.serve_connection(io, service), connection, |c| c.graceful_shutdown()).await
    } else {
        let mut builder = http1::Builder::new();
        // The sweep has a limit for headers, and a longer one for connections without a request.
        builder.header_read_timeout(None).max_buf_size(HEADER);
        drive(builder.serve_connection(io, service), connection, |c| c.graceful_shutdown()).await
    };
    if let Err(e) = result {
        debug!(error = %e, "a connection broke");
    }
}

/// Lets a connection run until it ends, is told to end, or has to go.
async fn drive<C>(conn: C, connection: &Connection, mut end: impl FnMut(Pin<&mut C>)) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut conn = pin!(conn);
    loop {
        tokio::select! {
            result = &mut conn => return result,
            () = connection.end.notified() => end(conn.as_mut()),
            () = connection.abort.notified() => return Ok(()),
        }
    }
}
