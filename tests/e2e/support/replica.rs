//! `kyvc serve --cluster`, beside the cluster.

use super::Cluster;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A server that answers the API server until this is dropped.
#[derive(Debug)]
pub(crate) struct Replica {
    child: Child,
    log: PathBuf,
    /// Where it listens
    pub(crate) address: String,
}

impl Replica {
    /// Starts one at a port of the cluster's address, and waits until it listens. `front` is the port at which the API
    /// server asks.
    pub(crate) fn start(cluster: &Cluster, port: u16, front: u16) -> Self {
        let log = cluster.folder().join(format!("kyvc-{port}.log"));
        let address = format!("{}:{port}", cluster.address());
        let mut child = Command::new(env!("CARGO_BIN_EXE_kyvc"))
            .args(["serve", "--cluster", "--namespace", "kyvc", "--exception-namespace", "*", "--webhook-timeout", "5"])
            .args(["--listen", &address, "--server", &format!("{}:{front}", cluster.address())])
            .args(["--identity", &format!("replica-{port}"), "--drain", "1"])
            .arg("--kubeconfig")
            .arg(cluster.kubeconfig())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let replica = Self { child, log, address };
        assert_eq!(line.trim(), format!("listening on https://{}", replica.address), "{}", replica.log());
        replica
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal, and waits until it has ended.
    pub(crate) fn end(mut self, signal: &str) {
        let kill = format!("kill -s {signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
