#include "accounts/mail_texts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace vestibule::accounts {
namespace {

std::string in_words(base::Time time) {
  return fmt::format("{:%d %B %Y, %H:%M} UTC", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace

Mail proof_mail(std::string_view public_url, std::string_view to,
                const std::vector<ProofLink>& links, base::Time expires_at) {
  std::string list;
  for (const ProofLink& link : links) {
    if (links.size() > 1) {
      list += fmt::format("Account registered on {}:\n", in_words(link.claimed_at));
    }
    list += fmt::format("{}/ui/proof?token={}\n\n", public_url, link.token.reveal());
  }
  return {.to = std::string(to),
          .subject = "Please confirm your e-mail address",
          .body = fmt::format(
              "Hello,\n\n"
              "this address was given when somebody registered at {}. If that was you, please\n"
              "open this page and press its button, and from then on you can sign in with your\n"
              "address:\n\n"
              "{}"
              "You can do so until {}.\n\n"
              "If it was not you, there is nothing to do: without your confirmation nobody can\n"
              "sign in with your address.\n",
              public_url, list, in_words(expires_at))};
}

Mail reset_mail(std::string_view public_url, std::string_view to, const base::Secret& token,
                base::Time expires_at) {
  return {.to = std::string(to),
          .subject = "Set a new password",
          .body = fmt::format(
              "Hello,\n\n"
              "somebody asked for a new password for your account at {}. If that was you,\n"
              "please open this page and choose one:\n\n"
              "{}/ui/reset?token={}\n\n"
              "You can do so until {}. All devices are signed out when you do.\n\n"
              "If it was not you, there is nothing to do: your password stays as it is.\n",
              public_url, public_url, token.reveal(), in_words(expires_at))};
}

Mail owner_mail(std::string_view public_url, std::string_view to) {
  return {.to = std::string(to),
          .subject = "You already have an account",
          .body = fmt::format(
              "Hello,\n\n"
              "somebody just registered at {} with your address. You have an account there\n"
              "already, and it has not changed. If that was you, sign in to it here:\n\n"
              "{}/ui/login\n\n"
              "If you do not remember your password, that page helps you to set a new one.\n\n"
              "If it was not you, there is nothing to do: nobody else can use your address.\n",
              public_url, public_url)};
}

}  // namespace vestibule::accounts
