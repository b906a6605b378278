//! Random numbers for secrets.

use ring::rand::{SecureRandom as _, SystemRandom};

use super::failure::{Failure, exit};

/// Random bytes as lower-case hex.
pub(super) fn random_hex(bytes: usize) -> Result<String, Failure> {
    let mut random = vec![0_u8; bytes];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::new(exit::INTERNAL, "The system gives no random numbers."))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
