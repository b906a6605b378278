//! Who may do what in a company (http-api 4): THE table of features, and what follows from it for changing roles, deleting
//! users and inviting.
//!
//! The roles are a strict ladder, so one role for each feature says everything: the weakest that has it.

use super::Role;
use crate::store::UserRow;

macro_rules! features {
    ($($name:literal $feature:ident $weakest:ident;)*) => {
        /// Something that a role may or may not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Feature {
            $(
                #[doc = $name]
                $feature,
            )*
        }

        impl Feature {
            /// All of them, in the order of http-api 4.1.
            pub const ALL: &[Self] = &[$(Self::$feature),*];

            /// The name in http-api 4.1.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$feature => $name,)* }
            }

            /// The weakest role that has it; every stronger one has it too.
            #[must_use]
            pub const fn weakest(self) -> Role {
                match self { $(Self::$feature => Role::$weakest,)* }
            }
        }
    };
}

features! {
    "delete-organization"                     DeleteOrganization                  Owner;
    "change-billing"                          ChangeBilling                       Owner;
    "add-owner-permission"                    AddOwnerPermission                  Owner;
    "remove-owner-permission"                 RemoveOwnerPermission               Owner;
    "delete-owner"                            DeleteOwner                         Owner;
    "view-billing"                            ViewBilling                         Admin;
    "add-user"                                AddUser                             Admin;
    "delete-admin"                            DeleteAdmin                         Admin;
    "delete-app-manager"                      DeleteAppManager                    Admin;
    "delete-member"                           DeleteMember                        Admin;
    "remove-pending-invite"                   RemovePendingInvite                 Admin;
    "add-admin-permission"                    AddAdminPermission                  Admin;
    "remove-admin-permission"                 RemoveAdminPermission               Admin;
    "add-app-manager-permission"              AddAppManagerPermission             Admin;
    "remove-app-manager-permission"           RemoveAppManagerPermission          Admin;
    "add-member-permission"                   AddMemberPermission                 Admin;
    "remove-member-permission"                RemoveMemberPermission              Admin;
    "view-audit-logs"                         ViewAuditLogs                       Admin;
    "create-report"                           CreateReport                        Admin;
    "update-report"                           UpdateReport                        Admin;
    "delete-report"                           DeleteReport                        Admin;
    "view-report"                             ViewReport                          Admin;
    "view-list-of-reports"                    ViewListOfReports                   Admin;
    "view-report-shared-with"                 ViewReportSharedWith                Admin;
    "share-report-with-user"                  ShareReportWithUser                 Admin;
    "share-report-with-external-user"         ShareReportWithExternalUser         Admin;
    "share-report-publicly"                   ShareReportPublicly                 Admin;
    "unshare-report-with-user"                UnshareReportWithUser               Admin;
    "unshare-report-with-external-user"       UnshareReportWithExternalUser       Admin;
    "unshare-report-publicly"                 UnshareReportPublicly               Admin;
    "share-app-publicly"                      ShareAppPublicly                    AppManager;
    "unshare-app-publicly"                    UnshareAppPublicly                  AppManager;
    "share-app-external-email"                ShareAppExternalEmail               AppManager;
    "unshare-app-external-email"              UnshareAppExternalEmail             AppManager;
    "create-production-environment"           CreateProductionEnvironment         AppManager;
    "delete-production-environment"           DeleteProductionEnvironment         AppManager;
    "refresh-production-environment-api-key"  RefreshProductionEnvironmentApiKey  AppManager;
    "add-guest-permission"                    AddGuestPermission                  Owner;
    "remove-guest-permission"                 RemoveGuestPermission               Owner;
    "view-organization-users"                 ViewOrganizationUsers               Member;
    "view-external-users"                     ViewExternalUsers                   Member;
    "create-development-environment"          CreateDevelopmentEnvironment        Member;
    "delete-development-environment"          DeleteDevelopmentEnvironment        Member;
}

impl Role {
    /// Whether this role has the feature.
    #[must_use]
    pub fn may(self, feature: Feature) -> bool {
        // The strongest role is the smallest.
        self <= feature.weakest()
    }
}

/// Whether the user's role has the feature. A role that we do not know has none.
#[must_use]
pub fn may(user: &UserRow, feature: Feature) -> bool {
    Role::parse(&user.permission).is_some_and(|role| role.may(feature))
}

/// What it takes to give somebody a role, by role change or by invite (http-api 4.2 and 4.4).
#[must_use]
pub const fn giving(role: Role) -> Feature {
    match role {
        Role::Owner => Feature::AddOwnerPermission,
        Role::Admin => Feature::AddAdminPermission,
        Role::AppManager => Feature::AddAppManagerPermission,
        Role::Member => Feature::AddMemberPermission,
        Role::Guest => Feature::AddGuestPermission,
    }
}

/// What it takes to take a role from somebody. `None`: a role that we do not know, which only owners may change.
#[must_use]
pub const fn taking(role: Option<Role>) -> Feature {
    match role {
        Some(Role::Owner) | None => Feature::RemoveOwnerPermission,
        Some(Role::Admin) => Feature::RemoveAdminPermission,
        Some(Role::AppManager) => Feature::RemoveAppManagerPermission,
        Some(Role::Member) => Feature::RemoveMemberPermission,
        Some(Role::Guest) => Feature::RemoveGuestPermission,
    }
}

/// What it takes to delete somebody with this role (http-api 4.3). Guests have no feature of their own and go with the
/// members; roles that we do not know go with the owners.
#[must_use]
pub const fn deleting(role: Option<Role>) -> Feature {
    match role {
        Some(Role::Owner) | None => Feature::DeleteOwner,
        Some(Role::Admin) => Feature::DeleteAdmin,
        Some(Role::AppManager) => Feature::DeleteAppManager,
        Some(Role::Member | Role::Guest) => Feature::DeleteMember,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 5] = [Role::Owner, Role::Admin, Role::AppManager, Role::Member, Role::Guest];

    /// The table of http-api 4.1 as it stands there: an `x` for each role from owner to guest.
    const MATRIX: [(&str, &str); 43] = [
        ("delete-organization", "x...."),
        ("change-billing", "x...."),
        ("add-owner-permission", "x...."),
        ("remove-owner-permission", "x...."),
        ("delete-owner", "x...."),
        ("view-billing", "xx..."),
        ("add-user", "xx..."),
        ("delete-admin", "xx..."),
        ("delete-app-manager", "xx..."),
        ("delete-member", "xx..."),
        ("remove-pending-invite", "xx..."),
        ("add-admin-permission", "xx..."),
        ("remove-admin-permission", "xx..."),
        ("add-app-manager-permission", "xx..."),
        ("remove-app-manager-permission", "xx..."),
        ("add-member-permission", "xx..."),
        ("remove-member-permission", "xx..."),
        ("view-audit-logs", "xx..."),
        ("create-report", "xx..."),
        ("update-report", "xx..."),
        ("delete-report", "xx..."),
        ("view-report", "xx..."),
        ("view-list-of-reports", "xx..."),
        ("view-report-shared-with", "xx..."),
        ("share-report-with-user", "xx..."),
        ("share-report-with-external-user", "xx..."),
        ("share-report-publicly", "xx..."),
        ("unshare-report-with-user", "xx..."),
        ("unshare-report-with-external-user", "xx..."),
        ("unshare-report-publicly", "xx..."),
        ("share-app-publicly", "xxx.."),
        ("unshare-app-publicly", "xxx.."),
        ("share-app-external-email", "xxx.."),
        ("unshare-app-external-email", "xxx.."),
        ("create-production-environment", "xxx.."),
        ("delete-production-environment", "xxx.."),
        ("refresh-production-environment-api-key", "xxx.."),
        ("add-guest-permission", "x...."),
        ("remove-guest-permission", "x...."),
        ("view-organization-users", "xxxx."),
        ("view-external-users", "xxxx."),
        ("create-development-environment", "xxxx."),
        ("delete-development-environment", "xxxx."),
    ];

    #[test]
    fn every_cell_of_the_matrix() {
        assert_eq!(Feature::ALL.len(), MATRIX.len());
        for (feature, (name, row)) in Feature::ALL.iter().zip(MATRIX) {
            assert_eq!(feature.as_str(), name);
            for (role, cell) in ROLES.into_iter().zip(row.chars()) {
                assert_eq!(role.may(*feature), cell == 'x', "{role:?} {name}");
            }
        }
    }

    #[test]
    fn owners_make_all_20_role_changes_admins_six_and_others_none() {
        let ladder = [Role::Admin, Role::AppManager, Role::Member];
        for actor in ROLES {
            for old in ROLES {
                for new in ROLES.into_iter().filter(|new| *new != old) {
                    let expected = actor == Role::Owner
                        || (actor == Role::Admin && ladder.contains(&old) && ladder.contains(&new));
                    assert_eq!(
                        actor.may(giving(new)) && actor.may(taking(Some(old))),
                        expected,
                        "{actor:?}: {old:?} to {new:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn owners_delete_everybody_admins_all_but_owners_and_others_nobody() {
        for actor in ROLES {
            for target in ROLES {
                let expected = actor == Role::Owner || (actor == Role::Admin && target != Role::Owner);
                assert_eq!(actor.may(deleting(Some(target))), expected, "{actor:?} deletes {target:?}");
            }
        }
    }

    #[test]
    fn unknown_roles_have_no_rights_and_only_owners_deal_with_them() {
        for feature in [taking(None), deleting(None)] {
            assert_eq!(ROLES.map(|role| role.may(feature)), [true, false, false, false, false]);
        }
    }
}
