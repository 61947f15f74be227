//! What comes to a configuration: its timer, and answers to calls.

use super::World;
use crate::fake::journal::tell;
use gatehouse_filter::{Answer, CallId, GrpcAnswer, Headers};

impl World {
    pub(crate) fn tick(&mut self, root: u32) {
        tell("tick");
        self.root_callback(root, |vm, proxy| vm.ticked(root, proxy));
    }

    /// What is in the VM's queue is told to it.
    pub(crate) fn queue_ready(&mut self, root: u32) {
        tell("queue");
        self.root_callback(root, |vm, proxy| vm.queue_ready(root, proxy));
    }

    /// A call is answered, with this status.
    pub(crate) fn answer(&mut self, root: u32, call: u32, status: u16) {
        tell(format!("answer {call}"));
        self.proxy.calls.borrow_mut().retain(|known| known.0 != call);
        let read = move |max_bytes: usize| Answer {
            headers: Headers::from_list(&[(":status", status.to_string())]),
            body: b"answer"[..max_bytes.min(6)].to_vec(),
            truncated: max_bytes < 6,
            refused: None,
        };
        self.root_callback(root, |vm, proxy| vm.call_answered(root, CallId(call), read, proxy));
    }

    /// A gRPC call is answered.
    pub(crate) fn grpc_answer(&mut self, root: u32, call: u32) {
        tell(format!("grpc answer {call}"));
        self.proxy.grpc_calls.borrow_mut().retain(|known| known.0 != call);
        let read = |max_bytes: usize| GrpcAnswer {
            status: 0,
            message: b"message"[..max_bytes.min(7)].to_vec(),
            truncated: max_bytes < 7,
        };
        self.root_callback(root, |vm, proxy| vm.grpc_answered(root, CallId(call), read, proxy));
    }
}
