//! `docs/operating.md`, done: what changes while requests pass, by the documents that the page
//! shows, and what becomes of connections.

mod limits;
mod page;
mod partners;
mod traffic;
