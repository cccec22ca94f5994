# One for an account and Region; leave this file out where it is installed already.
resource "aws_cloudformation_stack" "provisioner" {
  name         = "eventbridge-connection-provisioner"
  template_url = var.template_url
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
}
