//! A real API server for one test run: etcd and kube-apiserver on a loopback address, with their data in memory.

mod assets;
mod certs;
mod cluster;
mod process;
mod replica;

pub(crate) use assets::Assets;
pub(crate) use cluster::Cluster;
pub(crate) use replica::Replica;
