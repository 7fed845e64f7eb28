//! `kyvc serve` beside a server of the same crates that only sends back what it gets, both as processes of their own and
//! asked in turns over kept connections with TLS.
//!
//! `cargo bench --bench serve` prints a line a figure, `name measured limit`; with `-- --enforce` a figure beyond its limit
//! fails the run. Only ratios within one run mean anything. `-- load ADDRESS SECONDS` only asks a server that listens
//! already, for a profiler that looks at it.

#[path = "server/client.rs"]
mod client;
#[path = "server/echo.rs"]
mod echo;
#[path = "../tests/serve/trusting.rs"]
mod trusting;

use client::{Client, Load};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The argument with which this program is the other server.
const ECHO: &str = "echo";
/// The argument with which it only asks.
const LOAD: &str = "load";
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

/// A server as a process.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on https://").ok_or("it does not listen")?.parse()?;
        Ok(Self { child, address })
    }

    fn kyvc(policies: &Path) -> Result<Self, Failure> {
        let kyvc = env!("CARGO_BIN_EXE_kyvc");
        Self::start(Command::new(kyvc).args(["serve", "--listen", "127.0.0.1:0", "--policies"]).arg(policies))
    }

    fn echo() -> Result<Self, Failure> {
        Self::start(Command::new(std::env::current_exe()?).arg(ECHO))
    }

    /// Ticks of a processor that it has used.
    fn ticks(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after = stat.rsplit_once(')').ok_or("stat")?.1;
        let ticks: Result<Vec<f64>, _> = after.split_whitespace().skip(11).take(2).map(str::parse).collect();
        Ok(ticks?.iter().sum())
    }

    /// Its memory, in MiB.
    fn memory(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).ok_or("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A figure, and what it may be.
struct Figure {
    name: &'static str,
    measured: f64,
    limit: Option<Limit>,
}

enum Limit {
    Least(f64),
    Most(f64),
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == ECHO) {
        return echo::serve();
    }
    if let [load, address, seconds, ..] = arguments.as_slice()
        && load == LOAD
    {
        let client = Client::new(pod()?)?;
        let done = client.load(address.parse()?, CONNECTIONS, Duration::from_secs(seconds.parse()?), None)?;
        println!("{:.0} requests a second", done.rate());
        return Ok(());
    }
    let enforce = arguments.iter().any(|a| a == "--enforce");
    let mut figures = Vec::new();
    beside_echo(&mut figures)?;
    figures.push(thousand()?);
    let mut beyond = Vec::new();
    for Figure { name, measured, limit } in figures {
        let (shown, holds) = match limit {
            None => (String::new(), true),
            Some(Limit::Least(least)) => (format!(">= {least}"), measured >= least),
            Some(Limit::Most(most)) => (format!("<= {most}"), measured <= most),
        };
        println!("{name:<34} {measured:>9.3} {shown}");
        if !holds {
            beyond.push(name);
        }
    }
    if enforce && !beyond.is_empty() {
        return Err(format!("beyond the limit: {}", beyond.join(", ")).into());
    }
    Ok(())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The review that is asked about.
fn pod() -> std::io::Result<Vec<u8>> {
    std::fs::read(root().join("benches/data/review-pod-create.json"))
}

fn beside_echo(out: &mut Vec<Figure>) -> Result<(), Failure> {
    let (kyvc, echo) = (Server::kyvc(&root().join("policies/pod-security"))?, Server::echo()?);
    let client = Client::new(pod()?)?;
    let answer = client.once(kyvc.address)?;
    // A wrong answer is no fast answer.
    if !answer.contains("\"allowed\":true") {
        return Err(format!("the Pod is not judged as expected: {answer}").into());
    }
    let _warm =
        (client.load(kyvc.address, CONNECTIONS, ROUND, None)?, client.load(echo.address, CONNECTIONS, ROUND, None)?);
    let (mut ours, mut theirs) = (Load::default(), Load::default());
    let before = (kyvc.ticks()?, echo.ticks()?);
    for _ in 0..ROUNDS {
        ours.add(client.load(kyvc.address, CONNECTIONS, ROUND, None)?);
        theirs.add(client.load(echo.address, CONNECTIONS, ROUND, None)?);
    }
    let used = (kyvc.ticks()? - before.0, echo.ticks()? - before.1);
    let per = |ticks: f64, load: &Load| ticks / load.answered().max(1) as f64;
    let add = |out: &mut Vec<Figure>, name, measured, limit| out.push(Figure { name, measured, limit });
    add(out, "requests a second", ours.rate(), None);
    add(out, "throughput, to echo", ours.rate() / theirs.rate(), Some(Limit::Least(0.8)));
    add(out, "processor a request, to echo", per(used.0, &ours) / per(used.1, &theirs), None);
    // A tick is a hundredth of a second.
    add(out, "processor a request, microseconds", per(used.0, &ours) * 1e4, None);
    add(out, "the same of echo", per(used.1, &theirs) * 1e4, None);
    add(out, "requests a second to echo", theirs.rate(), None);
    let half = theirs.rate() / 2.0;
    let (mut ours, mut theirs) = (Load::default(), Load::default());
    for _ in 0..ROUNDS {
        ours.add(client.load(kyvc.address, CONNECTIONS, ROUND, Some(half))?);
        theirs.add(client.load(echo.address, CONNECTIONS, ROUND, Some(half))?);
    }
    add(out, "p99 at half load, microseconds", ours.percentile(0.99), None);
    add(out, "p99 at half load, to echo", ours.percentile(0.99) / theirs.percentile(0.99), Some(Limit::Most(2.0)));
    Ok(())
}

/// The memory with many policies, after many requests.
fn thousand() -> Result<Figure, Failure> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve-thousand");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let mut shipped = Vec::new();
    for level in ["baseline", "restricted"] {
        let found = std::fs::read_dir(root().join("policies/pod-security").join(level))?;
        shipped.extend(found.filter_map(|e| Some(e.ok()?.path().join("policy.yaml"))).filter(|p| p.is_file()));
    }
    shipped.sort();
    for (n, from) in shipped.iter().cycle().take(1000).enumerate() {
        let text = std::fs::read_to_string(from)?;
        let (head, name) = text.split_once("\n  name: ").ok_or("a policy without a name")?;
        std::fs::write(folder.join(format!("{n}.yaml")), format!("{head}\n  name: p{n}-{name}"))?;
    }
    let server = Server::kyvc(&folder)?;
    let client = Client::new(pod()?)?;
    let _ = client.load(server.address, CONNECTIONS, ROUND, None)?;
    let memory = server.memory()?;
    drop(server);
    std::fs::remove_dir_all(folder)?;
    Ok(Figure { name: "MiB with 1,000 policies", measured: memory, limit: Some(Limit::Most(60.0)) })
}
