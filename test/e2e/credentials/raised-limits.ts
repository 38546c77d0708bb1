/** For tests whose subject is not a limit per address: they send more in a moment than a person would. */
export const RAISED_LIMITS = {
  AUTHSOME_LIMIT_SIGNUP_PER_IP: '100000/1m',
  AUTHSOME_LIMIT_SIGNIN_PER_IP: '100000/1m',
  AUTHSOME_LIMIT_RECOVERY_PER_IP: '100000/1m',
  AUTHSOME_LIMIT_VERIFICATION_PER_IP: '100000/1m',
  AUTHSOME_LIMIT_SETUP_PER_IP: '100000/1m',
};
