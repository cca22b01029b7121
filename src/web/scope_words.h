#pragma once

#include <vector>

#include "oauth/scope.h"
#include "pages/page.h"

namespace vestibule::web {

/// What the words of a consent (oauth/consents.h) mean to a person, one sentence each as `word`:
/// "See your e-mail address". Words that mean nothing to a person, such as an audience, are left
/// out, and so is who they are, which every sign-in tells.
std::vector<pages::View> describe_words(const oauth::Scope& words);

}  // namespace vestibule::web
