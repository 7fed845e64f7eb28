//! URLs as Go's net/url reads them.

use super::address;
use crate::builtin::encoding::lossy;

/// A URL; texts are decoded unless their name says otherwise.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) opaque: String,
    pub(crate) has_user: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) raw_path: String,
    pub(crate) raw_query: String,
    pub(crate) force_query: bool,
    pub(crate) omit_host: bool,
    pub(crate) fragment: String,
    pub(crate) raw_fragment: String,
}

impl Url {
    /// The host without its port, and without the brackets of an IPv6 address.
    pub(crate) fn hostname(&self) -> &str {
        let host = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.host,
        };
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }
}

/// What part of a URL is decoded.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Host,
    Zone,
    User,
    Path,
    Fragment,
}

/// Reads a URL; an error is in Go's words.
pub(crate) fn parse(raw: &str) -> Result<Url, String> {
    let (before, fragment) = raw.split_once('#').unwrap_or((raw, ""));
    let failed = |text: &str, why: String| format!("parse {}: {why}", quote(text));
    let mut url = read(before).map_err(|why| failed(before, why))?;
    url.fragment = unescape(fragment, Part::Fragment).map_err(|why| failed(raw, why))?;
    if escape(&url.fragment, Part::Fragment) != fragment {
        fragment.clone_into(&mut url.raw_fragment);
    }
    Ok(url)
}

/// The scheme and the host of a URL, and what is asked of the host.
///
/// # Errors
/// What is wrong with it, in Go's words.
pub fn target(raw: &str) -> Result<(String, String, String), String> {
    let url = parse(raw)?;
    // A path stands as it is written, unless it cannot.
    let written = !url.raw_path.is_empty() && url.raw_path.bytes().all(|b| b.is_ascii_graphic());
    let mut target = if written { url.raw_path } else { escape(&url.path, Part::Path) };
    if url.force_query || !url.raw_query.is_empty() {
        target.push('?');
        target.push_str(&url.raw_query.replace(' ', "%20"));
    }
    Ok((url.scheme, url.host, target))
}

fn read(raw: &str) -> Result<Url, String> {
    let mut url = Url::default();
    if raw.bytes().any(|b| b.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if raw == "*" {
        "*".clone_into(&mut url.path);
        return Ok(url);
    }
    let (scheme, mut rest) = split_scheme(raw)?;
    url.scheme = scheme.to_ascii_lowercase();
    match rest.split_once('?') {
        Some((before, "")) => (rest, url.force_query) = (before, true),
        Some((before, query)) => {
            rest = before;
            query.clone_into(&mut url.raw_query);
        }
        None => {}
    }
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let authority = rest.strip_prefix("//").filter(|_| !url.scheme.is_empty() || !rest.starts_with("///"));
    if let Some(authority) = authority {
        let end = authority.find('/').unwrap_or(authority.len());
        let (authority, path) = authority.split_at(end);
        rest = path;
        (url.has_user, url.host) = read_authority(&url.scheme, authority)?;
    } else {
        url.omit_host = !url.scheme.is_empty() && rest.starts_with('/');
    }
    url.path = unescape(rest, Part::Path)?;
    if escape(&url.path, Part::Path) != rest {
        rest.clone_into(&mut url.raw_path);
    }
    Ok(url)
}

fn split_scheme(raw: &str) -> Result<(&str, &str), String> {
    let end = raw.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
    match end.and_then(|at| raw.split_at_checked(at)) {
        Some(("", rest)) if rest.starts_with(':') => Err("missing protocol scheme".to_owned()),
        Some((scheme, rest)) if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Ok(rest.strip_prefix(':').map_or(("", raw), |rest| (scheme, rest)))
        }
        _ => Ok(("", raw)),
    }
}

fn read_authority(scheme: &str, authority: &str) -> Result<(bool, String), String> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return Ok((false, read_host(scheme, authority)?));
    };
    let host = read_host(scheme, host)?;
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    unescape(name, Part::User)?;
    unescape(password, Part::User)?;
    Ok((true, host))
}

fn read_host(scheme: &str, host: &str) -> Result<String, String> {
    match host.rfind('[') {
        Some(0) => return read_literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    // Two colons are let pass where lists of hosts are common.
    let strict = matches!(scheme, "http" | "https");
    let colon = if strict { host.find(':') } else { host.rfind(':') };
    check_port(colon.and_then(|at| host.get(at..)).unwrap_or_default())?;
    unescape(host, Part::Host)
}

fn read_literal(host: &str) -> Result<String, String> {
    let Some((inner, port)) = host.strip_prefix('[').and_then(|host| host.rsplit_once(']')) else {
        return Err("missing ']' in host".to_owned());
    };
    check_port(port)?;
    let inner = match inner.find("%25").and_then(|at| inner.split_at_checked(at)) {
        Some((address, zone)) => unescape(address, Part::Host)? + &unescape(zone, Part::Zone)?,
        None => unescape(inner, Part::Host)?,
    };
    if let Some(complaint) = address::complaint(&inner) {
        return Err(format!("invalid host: {complaint}"));
    }
    if !inner.contains(':') {
        return Err("invalid IP-literal".to_owned());
    }
    Ok(format!("[{inner}]{port}"))
}

fn check_port(port: &str) -> Result<(), String> {
    let valid = port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    if valid { Ok(()) } else { Err(format!("invalid port {} after host", quote(port))) }
}

/// Go: net/url, shouldEscape.
fn must_escape(b: u8, part: Part) -> bool {
    let free: &[u8] = match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::User => b"$&+,;=",
        Part::Path => b"$&+,/:;=@",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    !(b.is_ascii_alphanumeric() || b"-_.~".contains(&b) || free.contains(&b))
}

fn escape(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if must_escape(b, part) { out.push_str(&format!("%{b:02X}")) } else { out.push(char::from(b)) }
    }
    out
}

fn unescape(text: &str, part: Part) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        if b != b'%' {
            if matches!(part, Part::Host | Part::Zone) && b.is_ascii() && must_escape(b, part) {
                return Err(format!("invalid character {} in host name", quote(&char::from(b).to_string())));
            }
            out.push(b);
            continue;
        }
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        let refuse = || {
            let shown = [b"%", after.get(..2).unwrap_or(after)].concat();
            Err(format!("invalid URL escape {}", quote_bytes(&shown)))
        };
        let (Some(high), Some(low)) = (digit(0), digit(1)) else { return refuse() };
        let value = (high << 4 | low) as u8;
        let is_percent = value == b'%';
        let refused = match part {
            Part::Host => value.is_ascii() && !is_percent,
            Part::Zone => !is_percent && value != b' ' && must_escape(value, Part::Host),
            _ => false,
        };
        if refused {
            return refuse();
        }
        out.push(value);
        rest = after.get(2..).unwrap_or_default();
    }
    Ok(lossy(&out))
}

/// A text in quotes, as Go's `%q` prints it.
pub fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes())
}

/// Bytes in quotes, as Go's `%q` prints a string of them.
pub(crate) fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| quote_char(c, &mut out));
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
    }
    out.push('"');
    out
}

fn quote_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        c if c.is_control() || (c.is_whitespace() && c != ' ') => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        c => out.push(c),
    }
}
