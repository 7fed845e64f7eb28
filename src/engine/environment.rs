//! What functions take from outside: the clock, randomness, YAML and names.

use crate::diag::Source;
use crate::yaml;
use kyvc_vm::builtin::Environment;
use kyvc_vm::builtin::time::unix_nanos;
use kyvc_vm::document::Layout;
use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The environment of this process.
pub(crate) fn environment() -> Environment {
    Environment { now, random, check_json: kyvc_grammar::jmespath::check_json, yaml_to_json, is_external_host }
}

static STOPPED: OnceLock<i128> = OnceLock::new();

/// Stops the clock that policies see at a time as RFC 3339 writes it, for results that can be repeated.
///
/// # Errors
/// Says what is wrong with the text; the clock then goes on.
pub fn stop_clock(at: &str) -> Result<(), String> {
    let nanos = unix_nanos(at)?;
    let _ = STOPPED.set(nanos);
    Ok(())
}

fn now() -> i128 {
    if let Some(nanos) = STOPPED.get() {
        return *nanos;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

/// A xorshift generator a thread, seeded by the operating system. What policies make of it are names, not secrets.
fn random() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish() | 1);
    }
    STATE.with(|state| {
        let mut x = state.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    })
}

fn yaml_to_json(text: &str) -> Result<String, String> {
    let source = Source::new("yaml", text);
    let layout = Layout::everything();
    let doc = yaml::sigs_value(&source, &layout)?;
    Ok(doc.root().map_or("null".to_owned(), |root| yaml::go_json(&doc, root)))
}

fn is_external_host(host: &str) -> Result<bool, String> {
    let addresses = (host, 0).to_socket_addrs().map_err(|e| e.to_string())?;
    let inside = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    };
    Ok(!addresses.map(|a| a.ip()).any(inside))
}
