//! The people of the demo: one company, its owner, and the owner's development environment.

use serde_json::json;
use uuid::Uuid;

use super::place::Place;
use super::{say, state};
use crate::auth::{ApiKey, Keys};
use crate::cli::failure::{Failure, exit};
use crate::cli::random::random_hex;
use crate::store::{EnvironmentType, NewCompany, NewEnvironment, NewOwner, Store, StoreError};

/// Who can sign in, and with what an app can connect.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) user: Uuid,
    pub(super) api_key: ApiKey,
    /// The development environment, which the key belongs to.
    pub(super) environment: Uuid,
}

/// The owner of an earlier run, or a new one.
pub(super) async fn find_or_make(
    place: &Place,
    mut state: state::State,
    store: &Store,
    keys: &Keys,
) -> Result<Owner, Failure> {
    if let Some((user, environment)) = state.owner
        && let Some(owner) = find(store, keys, user, environment).await?
    {
        return Ok(owner);
    }
    let owner = make(store, keys).await?;
    state.owner = Some((owner.user, owner.environment));
    place.keep(&state)?;
    say("made a company with one owner and a development environment");
    Ok(owner)
}

async fn find(store: &Store, keys: &Keys, user: Uuid, environment: Uuid) -> Result<Option<Owner>, Failure> {
    let known = store.user(user).await.map_err(database)?.is_some();
    let row = store.environment(environment).await.map_err(database)?;
    let copy = row.and_then(|environment| environment.decryptable_key);
    // A key that cannot be read back is of no use to the person who starts the demo: then everything is made anew.
    let api_key = copy.and_then(|copy| keys.open(&copy).ok());
    Ok(api_key.filter(|_| known).map(|api_key| Owner { user, api_key, environment }))
}

async fn make(store: &Store, keys: &Keys) -> Result<Owner, Failure> {
    let unlucky = |error: &dyn std::error::Error| Failure::of(exit::INTERNAL, error);
    let api_key = keys.generate(EnvironmentType::Development).map_err(|error| unlucky(&error))?;
    let copy = keys.seal(&api_key).map_err(|error| unlucky(&error))?;
    let hash = keys.hash(&api_key);
    let environment = NewEnvironment { name: "Development", api_key_hash: hash.as_str(), decryptable_key: &copy };
    let company = NewCompany { name: "Demo company", plan: "pro" };
    let metadata = json!({});
    let mut email = "demo@compose.localhost".to_owned();
    loop {
        let owner = NewOwner { first_name: "Demo", last_name: "Owner", email: &email, metadata: &metadata };
        let made = store.create_company_with_owner(&company, &owner, Some(&environment)).await.map_err(database)?;
        if let Some(made) = made {
            let environment = made
                .environment
                .ok_or_else(|| Failure::new(exit::INTERNAL, "the development environment of the demo was not made"))?;
            return Ok(Owner { user: made.user, api_key, environment });
        }
        // Someone of that name is left over from a run that broke off before it could write the ids down.
        email = format!("demo-{}@compose.localhost", random_hex(3)?);
    }
}

fn database(error: StoreError) -> Failure {
    Failure::of(exit::UNAVAILABLE, &error)
}
