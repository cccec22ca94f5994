# Terraform makes the secret and never knows its value: whoever owns it writes {"username": …, "password": …}.
resource "aws_secretsmanager_secret" "orders" {
  name = "connections/orders"
}

resource "aws_lambda_invocation" "connection" {
  function_name   = aws_cloudformation_stack.provisioner.outputs["FunctionArn"]
  qualifier       = "requests" # else $LATEST, which is for administrators
  lifecycle_scope = "CRUD"

  input = jsonencode({
    Owner = "terraform-orders"
    ResourceProperties = {
      Name              = "orders"
      AuthorizationType = "BASIC"
      AuthParameters = {
        BasicAuthParameters = {
          Username = { ValueFrom = "${aws_secretsmanager_secret.orders.arn}:username::" }
          Password = { ValueFrom = "${aws_secretsmanager_secret.orders.arn}:password::" }
        }
      }
      Revision = "1" # raise it to send the request again
    }
  })
}

resource "aws_cloudwatch_event_api_destination" "orders" {
  name                             = "orders"
  connection_arn                   = jsondecode(aws_lambda_invocation.connection.result)["ConnectionArn"]
  http_method                      = "POST"
  invocation_endpoint              = var.endpoint
  invocation_rate_limit_per_second = 10
}
