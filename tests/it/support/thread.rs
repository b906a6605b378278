//! One thread of the server that stands still, while the others go on. A signal would stop them all; a debugger can stop one.

use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// A thread that does not go on until this is dropped, on the thread that made it.
pub struct Stopped(Pid);

impl Stopped {
    /// Stops the thread of this name in a child of ours.
    pub fn of(process: u32, name: &str) -> Stopped {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("the threads of the process");
        let named = tasks
            .map(|task| task.expect("a thread").path())
            .find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|own| own.trim_end() == name));
        let thread = named.unwrap_or_else(|| panic!("no thread {name}"));
        let thread = Pid::from_raw(thread.file_name().unwrap().to_str().unwrap().parse().unwrap());
        ptrace::seize(thread, ptrace::Options::empty()).expect("a parent may trace its child (ptrace)");
        let stopped = Stopped(thread);
        ptrace::interrupt(thread).expect("a traced thread can be stopped");
        waitpid(thread, Some(WaitPidFlag::__WALL)).expect("the thread stops");
        stopped
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // When the process has ended there is nothing to let go.
        let _ = ptrace::detach(self.0, None);
    }
}
