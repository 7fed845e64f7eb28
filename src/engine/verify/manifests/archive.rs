//! Taking apart what the message of a signature holds.
//!
//! k8s-manifest-sigstore: pkg/util/gzip.go and image.go, with the words of Go's compress/gzip and archive/tar.

use super::search::{has_documents, is_object};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Error, ErrorKind, Read};
use std::path::{Component, Path};
use tar::{Archive, EntryType};

/// How much a message may come to. Kyverno has no limit.
const LIMIT: u64 = 64 << 20;

/// The manifests of a message, as one text of YAML documents.
pub(super) fn manifests(message: &[u8]) -> Result<String, String> {
    let whole = unzipped(message);
    match String::from_utf8(whole) {
        Ok(text) if has_documents(&text) => Ok(text),
        Ok(text) => Ok(files(text.as_bytes())?.join("\n---\n")),
        Err(e) => Ok(files(e.as_bytes())?.join("\n---\n")),
    }
}

/// What is compressed, or the bytes as they are where they are not.
pub(super) fn unzipped(bytes: &[u8]) -> Vec<u8> {
    unzip(bytes).unwrap_or_else(|_| bytes.to_vec())
}

fn unzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    header(bytes)?;
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).take(LIMIT + 1).read_to_end(&mut out).map_err(|e| wrong(&e))?;
    if out.len() as u64 > LIMIT { Err(format!("it has more than {LIMIT} bytes")) } else { Ok(out) }
}

fn header(bytes: &[u8]) -> Result<(), String> {
    let why = match bytes {
        [0x1f, 0x8b, 8, _, _, _, _, _, _, _, ..] => return Ok(()),
        [] => "EOF",
        _ if bytes.len() < 10 => "unexpected EOF",
        _ => "gzip: invalid header",
    };
    Err(why.to_owned())
}

fn wrong(e: &Error) -> String {
    let text = e.to_string();
    let why = match e.kind() {
        ErrorKind::UnexpectedEof => "unexpected EOF",
        _ if text.contains("checksum") => "gzip: invalid checksum",
        _ if text.contains("deflate") => "flate: corrupt input",
        _ => return text,
    };
    why.to_owned()
}

/// The manifests in the YAML files of a compressed archive, in the order of their paths.
fn files(bytes: &[u8]) -> Result<Vec<String>, String> {
    const DOING: &str = "while decompressing tar gz";
    header(bytes).map_err(|why| format!("gzip.NewReader() failed {DOING}: {why}"))?;
    let next = |why: String| format!("tarReader.Next() failed {DOING}: {why}");
    let tar = unzip(bytes).map_err(next)?;
    let invalid = |_| next("archive/tar: invalid tar header".to_owned());
    let mut archive = Archive::new(&*tar);
    let mut found: BTreeMap<Vec<String>, Vec<u8>> = BTreeMap::new();
    for entry in archive.entries().map_err(invalid)? {
        let mut entry = entry.map_err(invalid)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if name.starts_with("..") {
            continue;
        }
        match entry.header().entry_type() {
            EntryType::Directory => {}
            EntryType::Regular => {
                let mut bytes = Vec::new();
                let read = entry.read_to_end(&mut bytes);
                if read.is_err() || bytes.len() as u64 != entry.size() {
                    return Err(format!("io.Copy() failed {DOING}: unexpected EOF"));
                }
                found.extend(inside(&name).map(|path| (path, bytes)));
            }
            other => {
                let kind = char::from(other.as_byte());
                return Err(format!("faced uknown type {kind} in {name} {DOING}"));
            }
        }
    }
    let texts = found.into_iter().filter(|(path, _)| path.last().is_some_and(|name| is_yaml(name)));
    let texts = texts.filter_map(|(_, bytes)| String::from_utf8(bytes).ok());
    Ok(texts.filter(|text| is_object(text)).collect())
}

fn is_yaml(name: &str) -> bool {
    matches!(Path::new(name).extension().and_then(OsStr::to_str), Some("yaml" | "yml"))
        || matches!(name, ".yaml" | ".yml")
}

/// The steps to a file below the folder that an archive is put into; nothing where it is elsewhere.
fn inside(name: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(step) => steps.push(step.to_string_lossy().into_owned()),
            Component::ParentDir => {
                steps.pop()?;
            }
            _ => {}
        }
    }
    Some(steps)
}
