//! The parts of the relay that read the bytes of strangers and need no other room: the server's own files, by links, built
//! without the three hundred crates of the rest. So what counts instructions and what fuzzes is ready in seconds.
#![forbid(unsafe_code)]

pub mod wire;

/// The codec and the queue.
pub mod relay {
    pub mod codec;
    pub mod mask;
    pub mod outbox;
}

/// The header of a proxy.
pub mod net {
    mod proxy_header;

    pub use proxy_header::{LOCAL, ProxyHeader, ProxyHeaderFault};
}
