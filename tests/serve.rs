//! `kyvc serve`: the real program on a loopback address, asked over TLS. Times in here are guards only.

#![expect(clippy::unwrap_used, reason = "a server or connection that is missing has to fail the test")]

#[path = "serve/answers.rs"]
mod answers;
#[path = "serve/bad_input.rs"]
mod bad_input;
#[path = "serve/changes.rs"]
mod changes;
#[path = "serve/limits.rs"]
mod limits;
#[path = "serve/own.rs"]
mod own;
#[path = "serve/server.rs"]
mod server;
#[path = "serve/stop.rs"]
mod stop;
#[path = "serve/trusting.rs"]
mod trusting;
