/** Below the options of `fescue setup`. */
export const setupExamples = `
Without --apply nothing is changed: the plan shows what there is, what would be created, changed or deleted, and documents
line by line. Exit codes: 0 when the plan was shown or carried out, also when there is nothing to do; 1 when something
failed, or is for a person to decide first (conflict); 2 bad usage. A run that fails or is interrupted goes on when it is
run again. The flags are the whole wish: what a flag asked for and no longer does is taken away again.
What others made stricter stays so; nothing that others made is taken away. All that setup makes is tagged
fescue:fleet=<fleet>, things have it as the attribute fescue-fleet; --destroy takes away no more than that.
A bucket that holds captures stays, and so does a thing with a certificate. Credentials are those of the AWS command line.

Examples:
  fescue setup --fleet lobby                                   what is there, and what would be made
  fescue setup --fleet lobby --thing cam-1 --apply             make it, with a device
  fescue setup --fleet lobby --thing cam-1 --installer         what to run on the device
  fescue setup --fleet lobby --thing cam-1 --installer lite    its configuration, for nucleus lite
  fescue setup --fleet lobby --as-documented --apply           with the policies of Edge Manager's prerequisites
  fescue setup --fleet lobby --role SageMakerCameras --apply   with a role that is there: adds what it misses
  fescue setup --fleet lobby --template > lobby.yaml           the same for CloudFormation
  fescue setup --fleet lobby --operator-policy                 what somebody needs who runs these commands
  fescue setup --fleet lobby --destroy --apply                 take all of it away again`;
