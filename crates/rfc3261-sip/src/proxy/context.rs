//! What a proxy knows of a request until all is over: its response context (RFC 3261 §16.6).

use alloc::{boxed::Box, vec::Vec};

use super::{LookupId, Request, State, Target, best::Best, forward::Hop};
use crate::{resolve::Plan, transaction::TransactionId};

/// A request, and what was made of it.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) state: State,
    pub(super) invite: bool,
    /// The request, until it has its final response.
    pub(super) request: Option<Box<Request>>,
    /// The targets that it was not forwarded to yet, those of the highest preference first.
    pub(super) waiting: Vec<(Target, Box<Hop>)>,
    /// The URIs of all targets that there ever were.
    pub(super) tried: Vec<Box<str>>,
    pub(super) branches: Vec<Branch>,
    pub(super) best: Best,
    /// The value of Reason for the CANCELs.
    pub(super) reason: Option<Box<str>>,
    /// The client has cancelled it.
    pub(super) cancelled: bool,
    /// There are as many client transactions as are allowed.
    pub(super) overloaded: bool,
    /// Its own transaction is over.
    pub(super) server_over: bool,
    /// Client transactions that are not over.
    pub(super) clients: usize,
}

/// One target that the request was forwarded to, by one server after the other.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) hop: Box<Hop>,
    /// The servers that are left.
    pub(super) plan: Option<Box<Plan>>,
    /// The plan is one for a request that is too large for UDP.
    pub(super) large: bool,
    pub(super) attempt: Attempt,
    /// A provisional response has come.
    pub(super) provisional: bool,
}

/// Where a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It waits for the DNS.
    Lookup(LookupId),
    /// It waits for a final response.
    Sent(TransactionId),
    /// It is over.
    Done,
}

impl Context {
    pub(super) fn new(request: Request, invite: bool) -> Self {
        Self {
            state: State::Deciding,
            invite,
            request: Some(Box::new(request)),
            waiting: Vec::new(),
            tried: Vec::new(),
            branches: Vec::new(),
            best: Best::default(),
            reason: None,
            cancelled: false,
            overloaded: false,
            server_over: false,
            clients: 0,
        }
    }

    /// Adds a target, if it is not there yet and there are fewer than `max`; whether it was added.
    pub(super) fn add(&mut self, target: Target, hop: Hop, max: usize) -> bool {
        let new = self.tried.len() < max && !self.tried.iter().any(|tried| target.is(tried));
        if new {
            self.tried.push(target.uri.clone());
            let place = self
                .waiting
                .partition_point(|(other, _)| other.q >= target.q);
            self.waiting.insert(place, (target, Box::new(hop)));
        }
        new
    }

    /// The targets of the highest preference.
    pub(super) fn next_group(&mut self) -> Vec<(Target, Box<Hop>)> {
        let q = self.waiting.first().map(|(target, _)| target.q);
        let same = |(target, _): &&(Target, Box<Hop>)| Some(target.q) == q;
        let count = self.waiting.iter().take_while(same).count();
        self.waiting.drain(..count).collect()
    }

    /// Whether a branch waits for something.
    pub(super) fn is_pending(&self) -> bool {
        let mut branches = self.branches.iter();
        branches.any(|branch| branch.attempt != Attempt::Done)
    }

    /// Whether nothing more can happen to it.
    pub(super) fn is_over(&self) -> bool {
        self.server_over && self.clients == 0 && !self.is_pending()
    }

    /// Lets go of what is needed only until the final response.
    pub(super) fn answered(&mut self) {
        self.request = None;
        self.waiting = Vec::new();
        self.tried = Vec::new();
        self.best = Best::default();
        for branch in &mut self.branches {
            branch.plan = None;
        }
    }
}
